// pending_episodes: the scope's messages that no facts were drawn from yet, in order
// $scope STRING  $scope_key STRING  $limit INT  -> id
MATCH (e:Episode {waiting: $scope_key})
WHERE e.scope = $scope
RETURN e.id AS id
ORDER BY e.seq
LIMIT $limit
