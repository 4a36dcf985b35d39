// restore_nodes: nodes of one label with a second one, as a backup holds them
// $scope STRING  $scope_key STRING  $rows [{id, properties, times}]
UNWIND $rows AS row
CREATE (n:{{LABEL}}:{{OTHER}} {id: row.id})
SET n += row.properties, n.id = row.id, n.scope = $scope,
    n.valid_at = datetime(row.times.valid_at), n.invalid_at = datetime(row.times.invalid_at), n.created_at = datetime(row.times.created_at),
    n.expired_at = datetime(row.times.expired_at), n.at = datetime(row.times.at), n.value_date = datetime(row.times.value_date),
    n.uncertain_since = datetime(row.times.uncertain_since), n.forgotten_at = datetime(row.times.forgotten_at), n.hidden_at = datetime(row.times.hidden_at),
    n.said_at = datetime(row.times.said_at)
