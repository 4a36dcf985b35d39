// unlink_episode: close the gap that a message leaves in its session
// $scope STRING  $id STRING
MATCH (e:Episode {id: $id})-[:IN]->(s:Session)
WHERE e.scope = $scope AND s.scope = $scope
OPTIONAL MATCH (a:Episode)-[:NEXT]->(e)
OPTIONAL MATCH (e)-[:NEXT]->(b:Episode)
SET s.last = CASE WHEN s.last = $id THEN a.id ELSE s.last END
WITH a, b
WHERE a IS NOT NULL AND b IS NOT NULL
CREATE (a)-[:NEXT]->(b)
