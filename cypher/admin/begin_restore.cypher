// begin_restore: note that a scope is being restored, so that nobody writes to it before it is whole
// $scope STRING  $backup STRING
MERGE (s:Scope {id: $scope})
SET s.scope = $scope, s.restoring = $backup
