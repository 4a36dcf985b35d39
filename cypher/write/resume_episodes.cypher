// resume_episodes: put parked messages back among the pending
// $scope STRING  $scope_key STRING  -> resumed INT
MATCH (e:Episode)
WHERE e.scope = $scope AND e.state = 'parked'
SET e.state = 'pending', e.waiting = $scope_key
REMOVE e.reason
RETURN count(e) AS resumed
