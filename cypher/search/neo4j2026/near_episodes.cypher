// near_episodes: the messages nearest to a vector, scored anew, since it scores rounded ones; the index itself looks at nothing but the scopes
// $scopes [STRING]  $vector [FLOAT]  $limit INT  -> id, facts [STRING] (their ids), score
CYPHER 25
MATCH (node:Episode)
SEARCH node IN (VECTOR INDEX episode_vector FOR $vector WHERE node.scope IN $scopes LIMIT $limit + 20) SCORE AS rounded
WITH node
WHERE node.scope IN $scopes
WITH node, vector.similarity.cosine(node.embedding, $vector) AS score
ORDER BY score DESC
LIMIT $limit
RETURN collect({id: node.id, facts: [(node)<-[:STATED_IN]-(f:Fact) | f.id], score: score}) AS rows
