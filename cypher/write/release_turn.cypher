// release_turn: give the scope's turn to the next writer
// $scope STRING  $owner STRING
MATCH (s:Scope {id: $scope})
SET s.version = s.version            // takes the lock before the owner is looked at
WITH s
WHERE s.turn_owner = $owner
REMOVE s.turn_owner, s.turn_until
