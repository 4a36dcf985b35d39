// release_turn: give the scope's turn to the next writer; where nothing waits any more, the scope leaves the queue
// $scope STRING  $scope_key STRING  $owner STRING
MATCH (s:Scope {id: $scope})
SET s.version = s.version            // takes the lock before the owner is looked at
WITH s
WHERE s.turn_owner = $owner
WITH s, EXISTS { MATCH (e:Episode {waiting: $scope_key}) } AS waits
SET s.due = CASE WHEN waits THEN coalesce(s.due, 0) ELSE NULL END,
    s.attempts = CASE WHEN waits THEN s.attempts ELSE NULL END,
    s.waits_for = CASE WHEN waits THEN s.waits_for ELSE NULL END
REMOVE s.turn_owner, s.turn_until
