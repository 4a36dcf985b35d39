// scopes: every scope of the graph, for its operator      scope: none
// -> scope STRING, episodes INT
MATCH (s:Scope)
RETURN s.id AS scope, s.seq AS episodes
ORDER BY scope
