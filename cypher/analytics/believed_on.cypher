// believed_on: what was true at a time, as it was believed at another; both now unless named
// $scopes [STRING]  $valid TIME = now  $known TIME = now  $limit INT = 100
// -> fact, since, until, id
MATCH (f:Fact)
WHERE f.scope IN $scopes AND f.forgotten_at IS NULL
CALL (f) {
  RETURN f.valid_at AS since, f.invalid_at AS until, f.created_at AS created, f.expired_at AS expired
  UNION ALL
  MATCH (f)-[:WAS]->(v:FactVersion)
  RETURN v.valid_at AS since, v.invalid_at AS until, v.created_at AS created, v.expired_at AS expired
}
WITH f, since, until, created, expired
WHERE created <= datetime($known) AND expired > datetime($known) AND since <= datetime($valid) AND until > datetime($valid)
WITH f, since AS begun, until AS over
RETURN f.text AS fact, toString(begun) AS since,
       CASE WHEN over < datetime('9999-12-31T00:00:00Z') THEN toString(over) END AS until, f.id AS id
ORDER BY begun DESC, fact
LIMIT $limit
