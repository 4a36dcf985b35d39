// contradictions: which fact took whose place, since when, and whether the world changed or a mistake was put right
// $scopes [STRING]  $now TIME  $limit INT = 100
// -> new, old, at, how, new_id, old_id
MATCH (new:Fact)-[:SUPERSEDES]->(old:Fact)
WHERE new.scope IN $scopes AND old.scope IN $scopes AND new.forgotten_at IS NULL AND old.forgotten_at IS NULL
  AND new.expired_at > datetime($now)
WITH new, old, new.valid_at AS begun
RETURN new.text AS new, old.text AS old, toString(begun) AS at,
       CASE WHEN old.expired_at <= new.created_at THEN 'correction' ELSE 'change' END AS how,
       new.id AS new_id, old.id AS old_id
ORDER BY begun DESC, new
LIMIT $limit
