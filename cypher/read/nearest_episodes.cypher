// nearest_episodes: the messages nearest to a vector among all of the scopes
// $scopes [STRING]  $vector [FLOAT]  $limit INT  -> id, facts [STRING] (their ids), score
MATCH (node:Episode)
WHERE node.scope IN $scopes AND node.embedding IS NOT NULL
WITH node, vector.similarity.cosine(node.embedding, $vector) AS score
ORDER BY score DESC
LIMIT $limit
RETURN collect({id: node.id, facts: [(node)<-[:STATED_IN]-(f:Fact) | f.id], score: score}) AS rows
