// uncertain_facts: what was true and may be no longer, since when and why
// $scopes [STRING]  $now TIME  $limit INT = 100
// -> fact, since, because, id
MATCH (f:Fact)
WHERE f.scope IN $scopes AND f.uncertain_since IS NOT NULL AND f.expired_at > datetime($now)
  AND f.invalid_at > datetime($now) AND f.forgotten_at IS NULL
WITH f, f.uncertain_since AS doubted
RETURN f.text AS fact, toString(doubted) AS since, f.uncertain_because AS because, f.id AS id
ORDER BY doubted DESC, fact
LIMIT $limit
