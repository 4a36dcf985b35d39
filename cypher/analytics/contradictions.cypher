// contradictions: which fact took whose place, since when, and whether the world changed or a mistake was put right
// $scopes [STRING]  $now TIME  $limit INT = 100
// -> new, old, at, how, new_id, old_id
MATCH (new:Fact)-[:SUPERSEDES]->(old:Fact)
WHERE new.scope IN $scopes AND old.scope IN $scopes AND new.forgotten_at IS NULL AND old.forgotten_at IS NULL
RETURN new.text AS new, old.text AS old, toString(new.valid_at) AS at,
       CASE WHEN old.expired_at <= datetime($now) THEN 'correction' ELSE 'change' END AS how,
       new.id AS new_id, old.id AS old_id
ORDER BY at DESC, new
LIMIT $limit
