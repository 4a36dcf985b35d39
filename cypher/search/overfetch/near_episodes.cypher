// near_episodes: the messages nearest to a vector among the graph's nearest $k
// $scopes [STRING]  $vector [FLOAT]  $k INT  $limit INT  -> id, score
CALL db.index.vector.queryNodes('episode_vector', $k, $vector) YIELD node, score
WHERE node.scope IN $scopes
WITH node.id AS id, score
ORDER BY score DESC
LIMIT $limit
RETURN collect({id: id, score: score}) AS rows
