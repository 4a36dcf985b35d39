// Stated rules; facts that are drawn until a stated end, to be swept out of the live view once it has passed.
CREATE CONSTRAINT rule_id IF NOT EXISTS FOR (n:Rule) REQUIRE n.id IS UNIQUE;
CREATE INDEX rule_scope IF NOT EXISTS FOR (n:Rule) ON (n.scope);
CREATE INDEX fact_sweep_key IF NOT EXISTS FOR (n:Fact) ON (n.sweep_key);
