// sessions_of_scopes: the sessions of scopes by name, those after one of them; one whose messages were all deleted is none
// $scopes [STRING]  $after STRING  $limit INT  -> scope, session, messages INT, first_at, last_at
MATCH (s:Session)
WHERE s.scope IN $scopes AND s.name > $after AND EXISTS { MATCH (s)<-[:IN]-(said:Episode) WHERE said.scope = s.scope }
WITH s ORDER BY s.name, s.scope LIMIT $limit
MATCH (s)<-[:IN]-(e:Episode)
WHERE e.scope = s.scope
RETURN s.scope AS scope, s.name AS session, count(e) AS messages, toString(min(e.at)) AS first_at, toString(max(e.at)) AS last_at
ORDER BY session, scope
