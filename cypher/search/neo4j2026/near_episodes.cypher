// near_episodes: the messages nearest to a vector, scored anew, since it scores rounded ones; the index itself looks at nothing but the scopes
// $scopes [STRING]  $vector [FLOAT]  $limit INT  -> id, score
CYPHER 25
MATCH (node:Episode)
SEARCH node IN (VECTOR INDEX episode_vector FOR $vector WHERE node.scope IN $scopes LIMIT $limit + 20) SCORE AS rounded
WITH node
WHERE node.scope IN $scopes
WITH node.id AS id, vector.similarity.cosine(node.embedding, $vector) AS score
ORDER BY score DESC
LIMIT $limit
RETURN collect({id: id, score: score}) AS rows
