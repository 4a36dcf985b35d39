// erase_batch: delete some of a scope's nodes of one label, with all their relationships
// $scope STRING  $limit INT  -> deleted INT
MATCH (n:{{LABEL}})
WHERE n.scope = $scope
WITH n LIMIT $limit
DETACH DELETE n
RETURN count(*) AS deleted
