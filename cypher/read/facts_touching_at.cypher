// facts_touching_at: the ids of what touches some entities, was true at $valid, and was believed at $known, newest first
// $scopes [STRING]  $entities [STRING]  $valid STRING  $known STRING  $limit INT  -> id
UNWIND $entities AS id
MATCH (n:Entity {canonical_id: id})<-[:SUBJECT|OBJECT]-(f:Fact)
WHERE n.scope IN $scopes AND f.scope IN $scopes AND f.forgotten_at IS NULL
  AND ((f.created_at <= datetime($known) AND f.expired_at > datetime($known)
        AND f.valid_at <= datetime($valid) AND f.invalid_at > datetime($valid))
       OR EXISTS { MATCH (f)-[:WAS]->(v:FactVersion)
                   WHERE v.created_at <= datetime($known) AND v.expired_at > datetime($known)
                     AND v.valid_at <= datetime($valid) AND v.invalid_at > datetime($valid) })
WITH DISTINCT f
RETURN f.id AS id, f.valid_at AS valid_at
ORDER BY valid_at DESC, id
LIMIT $limit
