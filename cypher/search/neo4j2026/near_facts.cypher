// near_facts: the facts nearest to a vector; the index itself looks at nothing but the scopes
// $scopes [STRING]  $vector [FLOAT]  $k INT  $limit INT  -> id, score
CYPHER 25
MATCH (node:Fact)
SEARCH node IN (VECTOR INDEX fact_vector FOR $vector WHERE node.scope IN $scopes LIMIT $k) SCORE AS score
WITH node, score
WHERE node.scope IN $scopes
WITH node.id AS id, score
ORDER BY score DESC
LIMIT $limit
RETURN collect({id: id, score: score}) AS rows
