// drop_parked: give up drawing facts from parked messages; they stay searchable, with the reason
// $scope STRING  $scope_key STRING  -> dropped INT
MATCH (e:Episode {parked: $scope_key})
WHERE e.scope = $scope
SET e.state = 'done', e.extraction = 'dropped'
REMOVE e.parked
RETURN count(e) AS dropped
