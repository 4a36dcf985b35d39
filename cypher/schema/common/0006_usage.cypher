// What asking models took, by scope, day, kind of call, model and version of the prompt.
CREATE CONSTRAINT usage_id IF NOT EXISTS FOR (n:Usage) REQUIRE n.id IS UNIQUE;
CREATE INDEX usage_scope IF NOT EXISTS FOR (n:Usage) ON (n.scope);
CREATE INDEX usage_day IF NOT EXISTS FOR (n:Usage) ON (n.day);
