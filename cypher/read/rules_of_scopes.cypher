// rules_of_scopes: consequences that were stated ahead, oldest first; $state null for all
// $scopes [STRING]  $state STRING?  -> rule STRING (JSON), state, embedding [FLOAT]
MATCH (r:Rule)
WHERE r.scope IN $scopes AND ($state IS NULL OR r.state = $state)
RETURN r.rule AS rule, r.state AS state, r.embedding AS embedding, r.said_at AS said_at
ORDER BY said_at, rule
