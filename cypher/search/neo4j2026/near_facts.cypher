// near_facts: the facts nearest to a vector; the index itself looks at nothing but the scopes and what is not taken back
// $scopes [STRING]  $vector [FLOAT]  $known TIME  $limit INT  -> id, score (0 for a cosine of -1, 1 for one of 1)
CYPHER 25
MATCH (node:Fact)
SEARCH node IN (
  VECTOR INDEX fact_vector FOR $vector WHERE node.scope IN $scopes AND node.expired_at > datetime($known) LIMIT $limit + 20
) SCORE AS score
WITH node, score
WHERE node.scope IN $scopes
WITH node.id AS id, vector.similarity.cosine(node.embedding, $vector) AS score
ORDER BY score DESC
LIMIT $limit
RETURN collect({id: id, score: score}) AS rows
