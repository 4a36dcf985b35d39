// draw_live: put facts of one predicate into the live view
// $scope STRING  $rows [{fact_id, subject_id, object_id, valid_at, invalid_at, predicate, uncertain_since?}]
UNWIND $rows AS row
MATCH (s:Entity {id: row.subject_id})
MATCH (o:Entity {id: row.object_id})
WHERE s.scope = $scope AND o.scope = $scope
CREATE (s)-[:{{TYPE}} {fact_id: row.fact_id, valid_at: datetime(row.valid_at), invalid_at: datetime(row.invalid_at),
        predicate: row.predicate, uncertain_since: datetime(row.uncertain_since), scope: $scope}]->(o)
