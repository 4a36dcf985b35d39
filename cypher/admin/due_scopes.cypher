// due_scopes: the scopes whose turn is due and that nobody works on, some of each tenant, those that wait longest first  scope: none
// $due INT  $now STRING  $busy [STRING]  $each INT  -> tenant, scopes [{scope, attempts INT}]
MATCH (s:Scope)
WHERE s.due <= $due AND NOT s.id IN $busy AND (s.turn_owner IS NULL OR s.turn_until < datetime($now))
WITH split(s.id, '/')[0] AS tenant, s.id AS id, s.due AS due, coalesce(s.attempts, 0) AS attempts
ORDER BY due, id
WITH tenant, min(due) AS since, collect({scope: id, attempts: attempts})[..$each] AS scopes
RETURN tenant, scopes
ORDER BY since, tenant
