// sources_of_fact: why a fact is believed: the messages, with their words
// $scopes [STRING]  $fact STRING
// -> said, speaker, at, message
MATCH (f:Fact {id: $fact})-[s:STATED_IN]->(e:Episode)
WHERE f.scope IN $scopes AND e.scope IN $scopes AND e.hidden_at IS NULL
RETURN s.quote AS said, e.speaker AS speaker, toString(e.at) AS at, e.id AS message
ORDER BY at
