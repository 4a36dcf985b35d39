// near_episodes: the messages nearest to a vector among the graph's 4 times as many; where too few are of the scopes, among 20 times as many
// $scopes [STRING]  $vector [FLOAT]  $limit INT  -> id, score
CALL db.index.vector.queryNodes('episode_vector', 4 * $limit, $vector) YIELD node, score
WHERE node.scope IN $scopes
WITH node.id AS id, score
ORDER BY score DESC
LIMIT $limit
WITH collect({id: id, score: score}) AS few
CALL (few) {
  UNWIND CASE WHEN size(few) < $limit THEN [20] ELSE [] END AS times
  CALL db.index.vector.queryNodes('episode_vector', times * $limit, $vector) YIELD node, score
  WHERE node.scope IN $scopes
  WITH node.id AS id, score
  ORDER BY score DESC
  LIMIT $limit
  RETURN collect({id: id, score: score}) AS many
}
RETURN CASE WHEN size(few) < $limit THEN many ELSE few END AS rows
