// nearest_episodes: the messages nearest to a vector among all of the scopes
// $scopes [STRING]  $vector [FLOAT]  $limit INT  -> id, score
MATCH (node:Episode)
WHERE node.scope IN $scopes AND node.embedding IS NOT NULL
WITH node, vector.similarity.cosine(node.embedding, $vector) AS score
RETURN node.id AS id, score
ORDER BY score DESC
LIMIT $limit
