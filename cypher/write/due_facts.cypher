// due_facts: the drawn facts of a scope whose stated end has passed
// $scope STRING  $scope_key STRING  $now STRING  -> id
MATCH (f:Fact {sweep_key: $scope_key})
WHERE f.scope = $scope AND f.invalid_at <= datetime($now)
RETURN f.id AS id
