// who_is: one person or thing, with all that it is tied to now; its role, age and plans are among its properties
// :params {scope: 'default/ada', name: 'Ada'}
MATCH (a:Entity {scope: $scope})-[r]-(b:Entity {scope: $scope})
WHERE (a.name = $name OR $name IN a.aliases)
  AND r.fact_id IS NOT NULL AND r.valid_at <= datetime() AND r.invalid_at > datetime()
RETURN a, r, b
LIMIT 100
