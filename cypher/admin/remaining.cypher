// remaining: how much of a scope is left beside its own node, under any label, found by looking at every node
// $scope STRING  $scope_key STRING  -> remaining INT
MATCH (n)
WHERE (n.scope = $scope OR n.scope_key = $scope_key OR n.waiting = $scope_key) AND NOT n:Scope
RETURN count(n) AS remaining
