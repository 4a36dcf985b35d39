// begin_erase: note that a scope is being erased, so that nobody writes to it before it is gone
// $scope STRING
MATCH (s:Scope {id: $scope})
SET s.version = s.version + 1, s.erasing = true
