// tokens_due_messages: messages whose tokens are still to be embedded, in order, each with the two before it in its session
// $scope STRING  $scope_key STRING  $limit INT  -> id, session, seq INT, speaker, text, before [{speaker, text}] (oldest first)
MATCH (e:Episode {tokens_due: $scope_key})
WHERE e.scope = $scope AND e.hidden_at IS NULL
WITH e ORDER BY e.seq LIMIT $limit
OPTIONAL MATCH (a:Episode)-[:NEXT]->(e)
OPTIONAL MATCH (b:Episode)-[:NEXT]->(a)
RETURN e.id AS id, e.session AS session, e.seq AS seq, e.speaker AS speaker, e.text AS text,
       [p IN [b, a] WHERE p IS NOT NULL AND p.hidden_at IS NULL | {speaker: p.speaker, text: p.text}] AS before
ORDER BY seq
