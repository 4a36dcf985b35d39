// scope_states: all scopes of the graph, and which backup each was restored from, or is being      scope: none
// -> scope, version INT, restoring?, restored_from?
MATCH (s:Scope)
RETURN s.id AS scope, s.version AS version, s.restoring AS restoring, s.restored_from AS restored_from
ORDER BY scope
