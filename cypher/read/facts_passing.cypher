// facts_passing: those of some facts that pass filters
// $scopes [STRING]  $ids [STRING]  $known STRING  -> id
// of filters, an empty list for no condition: $predicates, $types [STRING]  $confidence FLOAT  $timed BOOL  $since, $until STRING
// $of_messages BOOL (whether a message must pass)  $sessions, $agents, $sources, $metadata [STRING]
UNWIND $ids AS id
MATCH (f:Fact {id: id})
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
RETURN f.id AS id
