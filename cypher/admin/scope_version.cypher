// scope_version: how often a scope was written to; no row where it is not there
// $scope STRING  -> version INT
MATCH (s:Scope {id: $scope})
RETURN s.version AS version
