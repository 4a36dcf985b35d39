// ledger_version: how often the scope's facts were written
// $scope STRING  -> ledger_version INT
OPTIONAL MATCH (s:Scope {id: $scope})
RETURN coalesce(s.ledger_version, 0) AS ledger_version
