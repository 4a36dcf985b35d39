// leave_queue: where nothing waits and nobody works, the scope leaves the queue: who worked was killed before it could
// $scope STRING  $scope_key STRING  $now STRING
MATCH (s:Scope {id: $scope})
WHERE s.due IS NOT NULL
SET s.version = s.version            // takes the lock before what waits is looked at
WITH s
WHERE NOT EXISTS { MATCH (e:Episode {waiting: $scope_key}) } AND (s.turn_owner IS NULL OR s.turn_until < datetime($now))
REMOVE s.due, s.attempts, s.waits_for, s.turn_owner, s.turn_until
