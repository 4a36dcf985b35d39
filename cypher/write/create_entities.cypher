// create_entities: new entities of one type, which they wear as a second label
// $scope STRING  $scope_key STRING  $now STRING  $rows [{id, name, type, aliases, names, folded, name_key}]
UNWIND $rows AS row
CREATE (n:Entity:{{LABEL}} {id: row.id, scope: $scope, scope_key: $scope_key, name: row.name, type: row.type,
        aliases: row.aliases, names: row.names, folded: row.folded, name_key: row.name_key, canonical_id: row.id,
        created_at: datetime($now)})
