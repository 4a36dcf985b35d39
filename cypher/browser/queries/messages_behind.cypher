// messages_behind: the words that one fact rests on: who said them, and when
// :params {scope: 'default/ada', fact: 'Ada lives in Oslo'}
MATCH (f:Fact {scope: $scope})-[s:STATED_IN]->(e:Episode {scope: $scope})
WHERE (f.text = $fact OR f.id = $fact) AND f.forgotten_at IS NULL AND e.hidden_at IS NULL
RETURN s.quote AS quote, e.speaker AS speaker, toString(e.at) AS at, e.text AS message
ORDER BY at
