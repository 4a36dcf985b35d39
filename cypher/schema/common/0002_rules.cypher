// Stated rules, and messages that are shown no more.
CREATE CONSTRAINT rule_id IF NOT EXISTS FOR (n:Rule) REQUIRE n.id IS UNIQUE;
CREATE INDEX rule_scope IF NOT EXISTS FOR (n:Rule) ON (n.scope);
