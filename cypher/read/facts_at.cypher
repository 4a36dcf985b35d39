// facts_at: the ids of what was true at $valid, as believed at $known, newest first; $predicate null for all
// $scopes [STRING]  $predicate STRING?  $valid STRING  $known STRING  $limit INT  -> id
MATCH (f:Fact)
WHERE f.scope IN $scopes AND f.forgotten_at IS NULL AND ($predicate IS NULL OR f.predicate = $predicate)
  AND ((f.created_at <= datetime($known) AND f.expired_at > datetime($known)
        AND f.valid_at <= datetime($valid) AND f.invalid_at > datetime($valid))
       OR EXISTS { MATCH (f)-[:WAS]->(v:FactVersion)
                   WHERE v.created_at <= datetime($known) AND v.expired_at > datetime($known)
                     AND v.valid_at <= datetime($valid) AND v.invalid_at > datetime($valid) })
RETURN f.id AS id, f.valid_at AS valid_at
ORDER BY valid_at DESC, id
LIMIT $limit
