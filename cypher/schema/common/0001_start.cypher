// Uniqueness and look-up indexes, the same on every store. Statements end in a semicolon and run one by one.
CREATE CONSTRAINT scope_id IF NOT EXISTS FOR (n:Scope) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT session_id IF NOT EXISTS FOR (n:Session) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT episode_id IF NOT EXISTS FOR (n:Episode) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT entity_id IF NOT EXISTS FOR (n:Entity) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT fact_id IF NOT EXISTS FOR (n:Fact) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT fact_live_key IF NOT EXISTS FOR (n:Fact) REQUIRE n.live_key IS UNIQUE;
CREATE CONSTRAINT change_id IF NOT EXISTS FOR (n:Change) REQUIRE n.id IS UNIQUE;
CREATE INDEX episode_scope IF NOT EXISTS FOR (n:Episode) ON (n.scope);
CREATE INDEX episode_waiting IF NOT EXISTS FOR (n:Episode) ON (n.waiting);
CREATE INDEX entity_scope IF NOT EXISTS FOR (n:Entity) ON (n.scope);
CREATE INDEX entity_name_key IF NOT EXISTS FOR (n:Entity) ON (n.name_key);
CREATE INDEX fact_scope IF NOT EXISTS FOR (n:Fact) ON (n.scope);
CREATE INDEX fact_slot_key IF NOT EXISTS FOR (n:Fact) ON (n.slot_key);
CREATE INDEX fact_pair_key IF NOT EXISTS FOR (n:Fact) ON (n.pair_key);
CREATE INDEX change_scope IF NOT EXISTS FOR (n:Change) ON (n.scope);
CREATE INDEX entity_canonical_id IF NOT EXISTS FOR (n:Entity) ON (n.canonical_id);
