// episodes_saying_where: the messages whose words match and that pass filters, best first; $text is a Lucene query that names the scopes' keys
// $scopes [STRING]  $text STRING  $among INT (looked at)  $limit INT  -> id, facts [STRING] (their ids), score
// of filters, an empty list for no condition: $timed BOOL  $since, $until STRING  $sessions, $agents, $sources, $metadata [STRING]
// $of_facts BOOL (whether a fact must pass)  $predicates, $types [STRING]  $confidence FLOAT
CALL db.index.fulltext.queryNodes('episode_text', $text, {limit: $among}) YIELD node, score
WITH node AS e, score
WHERE e.scope IN $scopes
  AND ($timed = false OR (e.at >= datetime($since) AND e.at < datetime($until)))
  AND (size($sessions) = 0 OR e.session IN $sessions) AND (size($agents) = 0 OR e.agent IN $agents)
  AND (size($sources) = 0 OR e.message_id IN $sources OR e.id IN $sources)
  AND all(pair IN $metadata WHERE pair IN e.metadata_pairs)
  AND ($of_facts = false
       OR EXISTS { MATCH (e)<-[:STATED_IN]-(f:Fact)-[:SUBJECT|OBJECT]->(named:Entity) MATCH (meant:Entity {id: named.canonical_id})
                   WHERE f.scope IN $scopes AND f.forgotten_at IS NULL AND meant.scope IN $scopes
                     AND (size($predicates) = 0 OR f.predicate IN $predicates)
                     AND f.confidence >= $confidence
                     AND (size($types) = 0 OR meant.type IN $types) })
WITH e, score
ORDER BY score DESC
LIMIT $limit
RETURN collect({id: e.id, facts: [(e)<-[:STATED_IN]-(f:Fact) | f.id], score: score}) AS rows
