// close_facts: end facts on one of the clocks, keeping what was believed of them as a version
// $scope STRING  $now STRING  $rows [{fact_id, version_id, valid_at, invalid_at, expired_at, created_at}]
UNWIND $rows AS row
MATCH (f:Fact {id: row.fact_id})
WHERE f.scope = $scope
CREATE (f)-[:WAS]->(:FactVersion {id: row.version_id, scope: $scope, valid_at: f.valid_at, invalid_at: f.invalid_at,
        precision: f.precision, stated: f.stated, uncertain_since: f.uncertain_since, created_at: f.created_at,
        expired_at: datetime($now)})
SET f.invalid_at = datetime(row.invalid_at), f.expired_at = datetime(row.expired_at), f.created_at = datetime(row.created_at)
REMOVE f.live_key
