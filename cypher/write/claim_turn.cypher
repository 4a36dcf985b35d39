// claim_turn: take the scope's turn to draw facts, unless a writer that still shows signs of life holds it
// $scope STRING  $owner STRING  $now STRING  $until STRING  -> mine BOOLEAN
MATCH (s:Scope {id: $scope})
SET s.version = s.version            // takes the lock, so that what follows is read after every earlier claim
WITH s, s.turn_owner IS NULL OR s.turn_owner = $owner OR s.turn_until < datetime($now) AS mine
SET s.turn_owner = CASE WHEN mine THEN $owner ELSE s.turn_owner END,
    s.turn_until = CASE WHEN mine THEN datetime($until) ELSE s.turn_until END
RETURN mine
