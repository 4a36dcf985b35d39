// entities_merged: an entity with all that were merged into it
// $scope STRING  $canonical STRING  -> entity
MATCH (n:Entity {canonical_id: $canonical})
WHERE n.scope = $scope
RETURN n {.id, .scope, .name, .type, .aliases, .canonical_id} AS entity
