// session_tails: the last episode of each of these sessions
// $scope STRING  $sessions [STRING]  -> session, last
UNWIND $sessions AS id
MATCH (s:Session {id: id})
WHERE s.scope = $scope
RETURN s.name AS session, s.last AS last
