// tokens_due_facts: facts whose tokens are still to be embedded
// $scope STRING  $scope_key STRING  $limit INT  -> id, text
MATCH (f:Fact {tokens_due: $scope_key})
WHERE f.scope = $scope
RETURN f.id AS id, f.text AS text
LIMIT $limit
