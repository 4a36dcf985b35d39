// shared_interests: what two people both like or do
// $scopes [STRING]  $now TIME  $limit INT = 100
// -> interest, people [STRING]
MATCH (p:Entity)-[r:LIKES|DOES]->(thing:Entity)
WHERE p.scope IN $scopes AND thing.scope IN $scopes AND p.type = 'Person' 
  AND r.valid_at <= datetime($now) AND r.invalid_at > datetime($now)
WITH thing, p ORDER BY p.name
WITH thing, collect(DISTINCT p.name) AS people
WHERE size(people) > 1
RETURN thing.name AS interest, people
ORDER BY size(people) DESC, interest
LIMIT $limit
