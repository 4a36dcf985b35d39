// revise_facts: write what is believed of facts anew, keeping what was believed before as a version
// $scope STRING  $now STRING  $rows [{fact_id, version_id, valid_at, invalid_at, precision, stated, uncertain_since?, ...}]
UNWIND $rows AS row
MATCH (f:Fact {id: row.fact_id})
WHERE f.scope = $scope
CREATE (f)-[:WAS]->(:FactVersion {id: row.version_id, scope: $scope, valid_at: f.valid_at, invalid_at: f.invalid_at,
        precision: f.precision, stated: f.stated, uncertain_since: f.uncertain_since,
        uncertain_because: f.uncertain_because, created_at: f.created_at,
        expired_at: CASE WHEN f.expired_at < datetime($now) THEN f.expired_at ELSE datetime($now) END})
SET f.valid_at = datetime(row.valid_at), f.invalid_at = datetime(row.invalid_at), f.precision = row.precision,
    f.stated = row.stated, f.uncertain_since = datetime(row.uncertain_since),
    f.uncertain_because = row.uncertain_because, f.created_at = datetime($now),
    f.expired_at = datetime(row.expired_at), f.live_key = row.live_key,
    f.sweep_key = CASE WHEN row.ends THEN f.scope_key ELSE NULL END
