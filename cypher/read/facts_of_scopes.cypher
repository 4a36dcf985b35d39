// facts_of_scopes: the ids of facts, newest first; $predicate null for all
// $scopes [STRING]  $predicate STRING?  $limit INT  -> id
MATCH (f:Fact)
WHERE f.scope IN $scopes AND ($predicate IS NULL OR f.predicate = $predicate)
RETURN f.id AS id, f.valid_at AS valid_at
ORDER BY valid_at DESC, id
LIMIT $limit
