// finish_restore: a scope is whole again
// $scope STRING  $backup STRING  $properties MAP  $created_at STRING
MATCH (s:Scope {id: $scope})
SET s += $properties, s.id = $scope, s.scope = $scope, s.created_at = datetime($created_at), s.restored_from = $backup
REMOVE s.restoring
