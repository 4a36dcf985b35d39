// stale_facts: what holds still, though nobody has said so since a day
// $scopes [STRING]  $now TIME  $before TIME  $limit INT = 100
// -> fact, last_said, id
MATCH (f:Fact)-[:STATED_IN]->(e:Episode)
WHERE f.scope IN $scopes AND e.scope IN $scopes AND f.forgotten_at IS NULL AND f.event = false
  AND f.expired_at > datetime($now) AND f.invalid_at > datetime($now)
WITH f, max(e.at) AS last
WHERE last < datetime($before)
RETURN f.text AS fact, toString(last) AS last_said, f.id AS id
ORDER BY last, fact
LIMIT $limit
