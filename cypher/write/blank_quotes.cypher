// blank_quotes: sources without their words
// $scope STRING  $rows [{fact_id, episode_id, quote}]
UNWIND $rows AS row
MATCH (f:Fact {id: row.fact_id})-[r:STATED_IN]->(e:Episode {id: row.episode_id})
WHERE f.scope = $scope AND e.scope = $scope AND r.quote = row.quote
SET r.quote = '', r.subject_surface = '', r.object_surface = ''
