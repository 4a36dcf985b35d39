// resume_episodes: put parked messages back among the pending
// $scope STRING  $scope_key STRING  -> resumed INT
MATCH (s:Scope {id: $scope})
MATCH (e:Episode {parked: $scope_key})
WHERE e.scope = $scope
SET e.state = 'pending', e.waiting = $scope_key
REMOVE e.reason, e.parked
WITH s, count(e) AS resumed
SET s.due = coalesce(s.due, 0)
RETURN resumed
