// users: the scopes of a tenant by their keys, those after one of them                                 scope: none
// $prefix STRING  $after STRING  $limit INT  -> scope, messages INT, created_at
MATCH (s:Scope)
WHERE s.id STARTS WITH $prefix AND s.id > $after
RETURN s.id AS scope, s.seq AS messages, toString(s.created_at) AS created_at
ORDER BY scope
LIMIT $limit
