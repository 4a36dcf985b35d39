// what_changed: which facts ended in a year or were put right in it, and what took their place
// :params {scope: 'default/ada', year: 2024}
MATCH p = (old:Fact {scope: $scope})-[:SUBJECT]->(:Entity {scope: $scope})
WHERE old.forgotten_at IS NULL AND (old.invalid_at.year = $year OR old.expired_at.year = $year)
OPTIONAL MATCH q = (new:Fact {scope: $scope})-[:SUPERSEDES]->(old)
WHERE new.forgotten_at IS NULL
RETURN p, q
LIMIT 100
