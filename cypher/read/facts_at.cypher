// facts_at: the ids of what was true at $valid, as believed at $known, and passes filters, newest first; $predicate null for all
// $scopes [STRING]  $predicate STRING?  $valid STRING  $known STRING  $limit INT  -> id, since
// $after_since STRING?  $after_id STRING? (only what comes after this one)
// of filters, an empty list for no condition: $predicates, $types [STRING]  $confidence FLOAT  $timed BOOL  $since, $until STRING
// $of_messages BOOL (whether a message must pass)  $sessions, $agents, $sources, $metadata [STRING]
MATCH (f:Fact)
WHERE f.scope IN $scopes AND f.forgotten_at IS NULL AND ($predicate IS NULL OR f.predicate = $predicate)
  AND ($after_since IS NULL OR f.valid_at < datetime($after_since) OR (f.valid_at = datetime($after_since) AND f.id > $after_id))
  AND ((f.created_at <= datetime($known) AND f.expired_at > datetime($known)
        AND f.valid_at <= datetime($valid) AND f.invalid_at > datetime($valid))
       OR EXISTS { MATCH (f)-[:WAS]->(v:FactVersion)
                   WHERE v.created_at <= datetime($known) AND v.expired_at > datetime($known)
                     AND v.valid_at <= datetime($valid) AND v.invalid_at > datetime($valid) })
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
RETURN f.id AS id, toString(f.valid_at) AS since, f.valid_at AS valid_at
ORDER BY valid_at DESC, id
LIMIT $limit
