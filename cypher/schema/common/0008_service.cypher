// Keys of the service, and the queue: scopes with messages that wait, by when their turn is due (milliseconds since 1970).
CREATE CONSTRAINT api_key_id IF NOT EXISTS FOR (n:ApiKey) REQUIRE n.id IS UNIQUE;
CREATE INDEX scope_due IF NOT EXISTS FOR (n:Scope) ON (n.due);
CREATE INDEX episode_parked IF NOT EXISTS FOR (n:Episode) ON (n.parked);
// What waits already is due at once; what was parked is found by its scope's key.
MATCH (e:Episode) WHERE e.waiting IS NOT NULL WITH DISTINCT e.scope AS scope MATCH (s:Scope {id: scope}) SET s.due = 0;
MATCH (e:Episode) WHERE e.state = 'parked' CALL (e) { SET e.parked = e.scope_key } IN TRANSACTIONS OF 5000 ROWS;
