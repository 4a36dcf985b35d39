// change_entities: entities under another name or type, or as what they were merged into
// $scope STRING  $rows [{id, name, type, aliases, names, folded, name_key, canonical_id}]
UNWIND $rows AS row
MATCH (n:Entity {id: row.id})
WHERE n.scope = $scope
SET n.name = row.name, n.type = row.type, n.aliases = row.aliases, n.names = row.names, n.folded = row.folded,
    n.name_key = row.name_key, n.canonical_id = row.canonical_id
