// entities_told: the entities of which messages say something, those of the last message first
// $scopes [STRING]  $ids [STRING]  $limit INT  -> entity
UNWIND $ids AS id
MATCH (e:Episode {id: id})<-[:STATED_IN]-(:Fact)-[:SUBJECT|OBJECT]->(named:Entity)
WHERE e.scope IN $scopes AND named.scope IN $scopes
MATCH (n:Entity {id: named.canonical_id})
WHERE n.scope IN $scopes
WITH n, max(e.seq) AS last
ORDER BY last DESC, n.id
LIMIT $limit
RETURN n {.id, .scope, .name, .type, .aliases, .canonical_id} AS entity
