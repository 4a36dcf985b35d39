// facts_of_episodes: the facts that messages state, with the words that carry them
// $scope STRING  $ids [STRING]  -> episode_id, fact_id, quote, text
UNWIND $ids AS id
MATCH (f:Fact)-[r:STATED_IN]->(e:Episode {id: id})
WHERE f.scope = $scope AND e.scope = $scope
RETURN e.id AS episode_id, f.id AS fact_id, r.quote AS quote, f.text AS text
