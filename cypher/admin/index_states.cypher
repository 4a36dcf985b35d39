// index_states: the indexes that the store has, and whether each is ready      scope: none
// -> name STRING, state STRING
SHOW INDEXES YIELD name, state
