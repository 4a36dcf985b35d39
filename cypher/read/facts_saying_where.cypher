// facts_saying_where: the facts whose words match and that pass filters, best first; $text is a Lucene query that names the scopes' keys
// $scopes [STRING]  $text STRING  $known STRING  $among INT (looked at)  $limit INT  -> id, score
// of filters, an empty list for no condition: $predicates, $types [STRING]  $confidence FLOAT  $timed BOOL  $since, $until STRING
// $of_messages BOOL (whether a message must pass)  $sessions, $agents, $sources, $metadata [STRING]
CALL db.index.fulltext.queryNodes('fact_text', $text, {limit: $among}) YIELD node, score
WITH node AS f, score
WHERE f.scope IN $scopes
  AND (size($predicates) = 0 OR f.predicate IN $predicates) AND f.confidence >= $confidence
  AND (size($types) = 0 OR EXISTS { MATCH (f)-[:SUBJECT|OBJECT]->(named:Entity) MATCH (meant:Entity {id: named.canonical_id})
                                  WHERE meant.scope IN $scopes AND meant.type IN $types })
  AND ($timed = false
       OR (f.created_at <= datetime($known) AND f.expired_at > datetime($known) AND f.valid_at < datetime($until)
           AND (f.valid_at >= datetime($since) OR (f.event = false AND f.invalid_at > datetime($since))))
       OR EXISTS { MATCH (f)-[:WAS]->(v:FactVersion)
                   WHERE v.created_at <= datetime($known) AND v.expired_at > datetime($known) AND v.valid_at < datetime($until)
                     AND (v.valid_at >= datetime($since) OR (f.event = false AND v.invalid_at > datetime($since))) })
  AND ($of_messages = false
       OR EXISTS { MATCH (f)-[:STATED_IN]->(e:Episode)
                   WHERE e.scope IN $scopes AND (size($sessions) = 0 OR e.session IN $sessions)
                     AND (size($agents) = 0 OR e.agent IN $agents)
                     AND (size($sources) = 0 OR e.message_id IN $sources OR e.id IN $sources)
                     AND all(pair IN $metadata WHERE pair IN e.metadata_pairs) })
WITH f.id AS id, score
ORDER BY score DESC
LIMIT $limit
RETURN collect({id: id, score: score}) AS rows
