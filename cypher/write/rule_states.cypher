// rule_states: what became of the rules that were stated in a scope
// $scope STRING  -> id, text, state
MATCH (r:Rule)
WHERE r.scope = $scope
RETURN r.id AS id, r.text AS text, r.state AS state
