// history_of_fact: one fact, what was believed of it before, the decisions about it, and what it took the place of
// :params {scope: 'default/ada', fact: 'Ada lives in Turin'}
MATCH (f:Fact {scope: $scope})
WHERE (f.text = $fact OR f.id = $fact) AND f.forgotten_at IS NULL
OPTIONAL MATCH v = (f)-[:WAS]->(:FactVersion {scope: $scope})
OPTIONAL MATCH c = (:Change {scope: $scope})-[:CREATED|REVISED]->(f)
OPTIONAL MATCH s = (f)-[:SUPERSEDES]-(other:Fact {scope: $scope})
WHERE other.forgotten_at IS NULL
RETURN f, v, c, s
