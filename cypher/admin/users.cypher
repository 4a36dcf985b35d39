// users: the scopes of a tenant by their keys, those after one of them, with their messages but for edits by hand  scope: none
// $prefix STRING  $after STRING  $limit INT  $edits STRING (their session)  -> scope, messages INT, created_at
MATCH (s:Scope)
WHERE s.id STARTS WITH $prefix AND s.id > $after
WITH s.id AS scope, s.seq AS kept, s.created_at AS created_at
ORDER BY scope
LIMIT $limit
RETURN scope, toString(created_at) AS created_at,
       kept - COUNT { MATCH (e:Episode)-[:IN]->(x:Session) WHERE x.scope = scope AND x.name = $edits AND e.role = 'system' } AS messages
ORDER BY scope
