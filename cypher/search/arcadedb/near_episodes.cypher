// near_episodes: the messages nearest to a vector among the graph's 4 times as many; where too few are of the scopes, among 20 times as many
// $scopes [STRING]  $vector [FLOAT]  $limit INT  -> id, facts [STRING] (their ids), score (as vector.similarity.cosine gives it)
CALL db.index.vector.queryNodes('episode_vector', 4 * $limit, $vector) YIELD node, score
WHERE node.scope IN $scopes
WITH node, score
ORDER BY score DESC
LIMIT $limit
WITH collect({id: node.id, facts: [(node)<-[:STATED_IN]-(f:Fact) | f.id], score: vector.similarity.cosine(node.embedding, $vector)}) AS few
CALL (few) {
  UNWIND CASE WHEN size(few) < $limit THEN [20] ELSE [] END AS times
  CALL db.index.vector.queryNodes('episode_vector', times * $limit, $vector) YIELD node, score
  WHERE node.scope IN $scopes
  WITH node, score
  ORDER BY score DESC
  LIMIT $limit
  RETURN collect({id: node.id, facts: [(node)<-[:STATED_IN]-(f:Fact) | f.id], score: vector.similarity.cosine(node.embedding, $vector)}) AS many
}
RETURN CASE WHEN size(few) < $limit THEN many ELSE few END AS rows
