// settle_episodes: mark messages as done or parked
// $scope STRING  $scope_key STRING  $ids [STRING]  $state STRING  $reason STRING?  $extraction STRING
UNWIND $ids AS id
MATCH (e:Episode {id: id})
WHERE e.scope = $scope
SET e.state = $state, e.reason = $reason, e.extraction = $extraction,
    e.parked = CASE WHEN $state = 'parked' THEN $scope_key ELSE NULL END
REMOVE e.waiting
