// orphans: those of some entities that no fact is about, no rule, and no message that is shown names or was said by
// $scope STRING  $ids [STRING]  -> id
UNWIND $ids AS id
MATCH (n:Entity {id: id})
WHERE n.scope = $scope
  AND NOT EXISTS { MATCH (n)<-[:SUBJECT|OBJECT]-(:Fact) }
  AND NOT EXISTS { MATCH (n)<-[:ABOUT]-(:Rule) }
  AND NOT EXISTS { MATCH (n)<-[:MENTIONS|SAID_BY]-(e:Episode) WHERE e.hidden_at IS NULL }
  AND NOT EXISTS { MATCH (m:Entity {canonical_id: id}) WHERE m.id <> id }
RETURN DISTINCT n.id AS id
