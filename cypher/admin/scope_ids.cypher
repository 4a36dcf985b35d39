// scope_ids: the ids of a scope's nodes of one label, in order
// $scope STRING  -> id
MATCH (n:{{LABEL}})
WHERE n.scope = $scope
RETURN n.id AS id
ORDER BY id
