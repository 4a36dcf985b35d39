// link_sources: why facts are believed: the messages, with their words and the names as written
// $scope STRING  $rows [{fact_id, episode_id, quote, subject_surface, object_surface}]
UNWIND $rows AS row
MATCH (f:Fact {id: row.fact_id})
MATCH (e:Episode {id: row.episode_id})
WHERE f.scope = $scope AND e.scope = $scope
MERGE (f)-[r:STATED_IN {quote: row.quote}]->(e)
SET r.subject_surface = row.subject_surface, r.object_surface = row.object_surface
