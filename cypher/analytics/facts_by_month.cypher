// facts_by_month: what became true in each month, by predicate
// $scopes [STRING]  $now TIME  $predicate STRING?
// -> month, predicate, facts INT
MATCH (f:Fact)
WHERE f.scope IN $scopes AND f.forgotten_at IS NULL AND f.expired_at > datetime($now) AND f.valid_at <= datetime($now)
  AND ($predicate IS NULL OR f.predicate = $predicate)
WITH substring(toString(f.valid_at), 0, 7) AS month, f.predicate AS predicate
RETURN month, predicate, count(*) AS facts
ORDER BY month, predicate
