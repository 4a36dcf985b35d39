// near_facts: the facts nearest to a vector: each bucket's nearest, scored anew, since the index scores rounded vectors
// $scopes [STRING]  $buckets [STRING]  $vector [FLOAT]  $known TIME  $limit INT  -> id, score (0 for a cosine of -1, 1 for one of 1)
UNWIND $buckets AS bucket
CALL db.index.vector.queryNodes('fact_vector_' + bucket, 6 * $limit, $vector) YIELD node, score AS rounded
WHERE node.scope IN $scopes AND node.expired_at > datetime($known)
WITH node, rounded
ORDER BY rounded DESC
LIMIT $limit + 20
WITH node.id AS id, vector.similarity.cosine(node.embedding, $vector) AS score
ORDER BY score DESC
LIMIT $limit
RETURN collect({id: id, score: score}) AS rows
