// queue: the scopes in which messages wait or are parked, of the tenants whose keys begin so       scope: none
// $prefix STRING  $after STRING  $limit INT  -> scope, waiting INT, parked INT, due INT?, attempts INT, waits_for?, reason?
MATCH (s:Scope)
WHERE s.id STARTS WITH $prefix AND s.id > $after
WITH s, s.scope_key AS key
OPTIONAL MATCH (p:Episode {parked: key})
WITH s, key, count(p) AS parked, min(p.reason) AS reason
WHERE parked > 0 OR s.due IS NOT NULL
WITH s, key, parked, reason
ORDER BY s.id
LIMIT $limit
OPTIONAL MATCH (w:Episode {waiting: key})
RETURN s.id AS scope, count(w) AS waiting, parked, s.due AS due, coalesce(s.attempts, 0) AS attempts, s.waits_for AS waits_for, reason
ORDER BY scope
