// orphans: those of some entities, with all that are one with them, about which there is no fact and no rule, and which
//          no message that is shown names or was said by
// $scope STRING  $ids [STRING]  -> id
UNWIND $ids AS id
MATCH (n:Entity {id: id})
WHERE n.scope = $scope
  AND NOT EXISTS { MATCH (m:Entity {canonical_id: n.canonical_id})<-[:SUBJECT|OBJECT]-(:Fact) }
  AND NOT EXISTS { MATCH (m:Entity {canonical_id: n.canonical_id})<-[:ABOUT]-(:Rule) }
  AND NOT EXISTS { MATCH (m:Entity {canonical_id: n.canonical_id})<-[:MENTIONS|SAID_BY]-(e:Episode) WHERE e.hidden_at IS NULL }
MATCH (one:Entity {canonical_id: n.canonical_id})
WHERE one.scope = $scope
RETURN DISTINCT one.id AS id, one.name AS name, one.aliases AS aliases
