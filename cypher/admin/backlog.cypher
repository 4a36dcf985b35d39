// backlog: how many messages wait in the scopes of a tenant, counted up to a bound, and since when    scope: none
// $prefix STRING  $most INT  -> waiting INT, since INT?
MATCH (s:Scope)
WHERE s.due IS NOT NULL AND s.id STARTS WITH $prefix
WITH collect(s.scope_key) AS keys, min(s.due) AS since
CALL (keys) {
  UNWIND keys AS key
  MATCH (e:Episode {waiting: key})
  WITH e LIMIT $most
  RETURN count(e) AS waiting
}
RETURN waiting, since
