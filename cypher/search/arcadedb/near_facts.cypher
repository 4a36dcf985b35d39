// near_facts: the facts nearest to a vector among the graph's 4 times as many; where too few are of the scopes, among 20 times as many
// $scopes [STRING]  $vector [FLOAT]  $known TIME  $limit INT  -> id, score (0 for a cosine of -1, 1 for one of 1)
CALL db.index.vector.queryNodes('fact_vector', 4 * $limit, $vector) YIELD node, score
WHERE node.scope IN $scopes AND node.expired_at > datetime($known)
WITH node.id AS id, score
ORDER BY score DESC
LIMIT $limit
WITH collect({id: id, score: score}) AS few
CALL (few) {
  UNWIND CASE WHEN size(few) < $limit THEN [20] ELSE [] END AS times
  CALL db.index.vector.queryNodes('fact_vector', times * $limit, $vector) YIELD node, score
  WHERE node.scope IN $scopes AND node.expired_at > datetime($known)
  WITH node.id AS id, score
  ORDER BY score DESC
  LIMIT $limit
  RETURN collect({id: id, score: score}) AS many
}
RETURN CASE WHEN size(few) < $limit THEN many ELSE few END AS rows
