// changes_of_entity: the decisions about an entity itself and about the facts that name it, oldest first
// $scopes [STRING]  $entity STRING  $limit INT  -> change
MATCH (c:Change)
WHERE c.scope IN $scopes
  AND (c.operations CONTAINS ('"' + $entity + '"')
       OR EXISTS { MATCH (c)-[:CREATED|REVISED]->(f:Fact)-[:SUBJECT|OBJECT]->(n:Entity) WHERE n.id = $entity OR n.canonical_id = $entity })
RETURN c {.id, .scope, .number, at: toString(c.at), .operations, .reason, .model, .prompt_version, .calls, .tokens_in, .tokens_cached,
          .tokens_out, .seconds, .money, .episode_ids, .editor, .undoes} AS change
ORDER BY change.number
LIMIT $limit
