// postpone_scope: what waits in the scope is tried again at a time, as often as it failed so far and once more
// $scope STRING  $due INT  $reason STRING  -> attempts INT
MATCH (s:Scope {id: $scope})
SET s.version = s.version            // takes the lock before it is looked at whether anything waits
WITH s
WHERE s.due IS NOT NULL
SET s.due = $due, s.waits_for = $reason, s.attempts = coalesce(s.attempts, 0) + 1
RETURN s.attempts AS attempts
