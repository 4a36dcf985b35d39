// export_relationships: what leads from nodes of one label to others
// $scope STRING  $ids [STRING]  -> from_id, type, to_labels, to_id, properties
UNWIND $ids AS id
MATCH (n:{{LABEL}} {id: id})-[r]->(m)
WHERE n.scope = $scope AND m.scope = $scope
RETURN id AS from_id, type(r) AS type, labels(m) AS to_labels, m.id AS to_id, properties(r) AS properties
