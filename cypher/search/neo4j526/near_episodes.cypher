// near_episodes: the messages nearest to a vector: each bucket's nearest, scored anew, since the index scores rounded vectors
// $scopes [STRING]  $buckets [STRING]  $vector [FLOAT]  $limit INT  -> id, facts [STRING] (their ids), score
UNWIND $buckets AS bucket
CALL db.index.vector.queryNodes('episode_vector_' + bucket, 6 * $limit, $vector) YIELD node, score AS rounded
WHERE node.scope IN $scopes
WITH node, rounded
ORDER BY rounded DESC
LIMIT $limit + 20
WITH node, vector.similarity.cosine(node.embedding, $vector) AS score
ORDER BY score DESC
LIMIT $limit
RETURN collect({id: node.id, facts: [(node)<-[:STATED_IN]-(f:Fact) | f.id], score: score}) AS rows
