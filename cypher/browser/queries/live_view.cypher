// live_view: the people, places and things that a user knows, and how they are tied now
// :params {scope: 'default/ada'}
MATCH (a:Entity {scope: $scope})-[r]->(b:Entity {scope: $scope})
WHERE r.fact_id IS NOT NULL AND r.valid_at <= datetime() AND r.invalid_at > datetime()
RETURN a, r, b
LIMIT 300
