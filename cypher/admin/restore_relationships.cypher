// restore_relationships: relationships of one type between nodes of two labels, as a backup holds them
// $scope STRING  $rows [{from_id, to_id, properties, times}]  -> made INT
UNWIND $rows AS row
MATCH (a:{{LABEL}} {id: row.from_id})
MATCH (b:{{OTHER}} {id: row.to_id})
WHERE a.scope = $scope AND b.scope = $scope
CREATE (a)-[r:{{TYPE}}]->(b)
SET r += row.properties,
    r.valid_at = datetime(row.times.valid_at), r.invalid_at = datetime(row.times.invalid_at), r.uncertain_since = datetime(row.times.uncertain_since)
RETURN count(r) AS made
