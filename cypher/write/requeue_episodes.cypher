// requeue_episodes: messages whose facts have to be drawn again: pending, or parked with the reason
// $scope STRING  $scope_key STRING  $ids [STRING]  $state STRING  $reason STRING
UNWIND $ids AS id
MATCH (e:Episode {id: id})
WHERE e.scope = $scope
SET e.state = $state, e.reason = $reason, e.waiting = CASE WHEN $state = 'pending' THEN $scope_key ELSE NULL END,
    e.parked = CASE WHEN $state = 'parked' THEN $scope_key ELSE NULL END
WITH count(e) AS requeued
MATCH (s:Scope {id: $scope})
SET s.due = CASE WHEN $state = 'pending' AND requeued > 0 THEN coalesce(s.due, 0) ELSE s.due END
