// near_facts: the facts nearest to a vector among the graph's 20 times as many
// $scopes [STRING]  $vector [FLOAT]  $known TIME  $limit INT  -> id, score (0 for a cosine of -1, 1 for one of 1)
CALL db.index.vector.queryNodes('fact_vector', 20 * $limit, $vector) YIELD node, score
WHERE node.scope IN $scopes AND node.expired_at > datetime($known)
WITH node.id AS id, score
ORDER BY score DESC
LIMIT $limit
RETURN collect({id: id, score: score}) AS rows
