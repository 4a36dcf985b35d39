// what_is_uncertain: facts that may hold no longer, whom they are about, and what they rested on
// :params {scope: 'default/ada'}
MATCH p = (f:Fact {scope: $scope})-[:SUBJECT]->(:Entity {scope: $scope})
WHERE f.uncertain_since IS NOT NULL AND f.forgotten_at IS NULL AND f.expired_at > datetime() AND f.invalid_at > datetime()
OPTIONAL MATCH q = (f)-[:DEPENDS_ON]->(ground:Fact {scope: $scope})
WHERE ground.forgotten_at IS NULL
OPTIONAL MATCH s = (new:Fact {scope: $scope})-[:SUPERSEDES]->(ground)
WHERE new.forgotten_at IS NULL
RETURN p, q, s
LIMIT 100
