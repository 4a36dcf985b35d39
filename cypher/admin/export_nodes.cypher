// export_nodes: nodes of one label with all that they hold
// $scope STRING  $ids [STRING]  -> id, labels, properties
UNWIND $ids AS id
MATCH (n:{{LABEL}} {id: id})
WHERE n.scope = $scope
RETURN id, labels(n) AS labels, properties(n) AS properties
