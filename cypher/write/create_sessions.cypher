// create_sessions: make sure that the sessions exist and remember their last episode
// $scope STRING  $rows [{id, name, last}]
UNWIND $rows AS row
MERGE (s:Session {id: row.id})
ON CREATE SET s.scope = $scope, s.name = row.name
SET s.last = row.last
