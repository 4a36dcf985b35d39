// invented_predicates: what the model said by predicates that the ontology lacks, most often first
// $scopes [STRING]  $limit INT = 50
// -> predicate, facts INT, example
MATCH (f:Fact)
WHERE f.scope IN $scopes AND f.raw_predicate IS NOT NULL AND f.forgotten_at IS NULL
RETURN f.raw_predicate AS predicate, count(f) AS facts, min(f.text) AS example
ORDER BY facts DESC, predicate
LIMIT $limit
