// why_believed: one fact, whom it is about, and the messages that say it, with their speakers
// :params {scope: 'default/ada', fact: 'Ada lives in Oslo'}
MATCH p = (f:Fact {scope: $scope})-[:SUBJECT|OBJECT]->(:Entity {scope: $scope})
WHERE (f.text = $fact OR f.id = $fact) AND f.forgotten_at IS NULL
OPTIONAL MATCH q = (f)-[:STATED_IN]->(e:Episode {scope: $scope})
WHERE e.hidden_at IS NULL
OPTIONAL MATCH s = (e)-[:SAID_BY]->(:Entity {scope: $scope})
RETURN p, q, s
