// Messages and facts whose tokens are still to be embedded, by the key of their scope.
CREATE INDEX episode_tokens_due IF NOT EXISTS FOR (n:Episode) ON (n.tokens_due);
CREATE INDEX fact_tokens_due IF NOT EXISTS FOR (n:Fact) ON (n.tokens_due);
// What was written before has none.
MATCH (n:Episode) WHERE n.hidden_at IS NULL AND n.tokens IS NULL CALL (n) { SET n.tokens_due = n.scope_key } IN TRANSACTIONS OF 5000 ROWS;
MATCH (n:Fact) WHERE n.tokens IS NULL CALL (n) { SET n.tokens_due = n.scope_key } IN TRANSACTIONS OF 5000 ROWS;
