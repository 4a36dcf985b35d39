// nearest_facts: the facts nearest to a vector among all of the scopes, of those not taken back by a time
// $scopes [STRING]  $vector [FLOAT]  $known TIME  $limit INT  -> id, score
MATCH (node:Fact)
WHERE node.scope IN $scopes AND node.embedding IS NOT NULL AND node.expired_at > datetime($known)
WITH node.id AS id, vector.similarity.cosine(node.embedding, $vector) AS score
ORDER BY score DESC
LIMIT $limit
RETURN collect({id: id, score: score}) AS rows
