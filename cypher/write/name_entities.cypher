// name_entities: further names of known entities
// $scope STRING  $rows [{id, aliases, names, folded}]
UNWIND $rows AS row
MATCH (n:Entity {id: row.id})
WHERE n.scope = $scope
SET n.aliases = row.aliases, n.names = row.names, n.folded = row.folded
