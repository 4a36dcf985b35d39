// facts_by_predicate: how many facts there are of each kind, and how many of them hold now
// $scopes [STRING]  $now TIME
// -> predicate, facts INT, holding INT
MATCH (f:Fact)
WHERE f.scope IN $scopes AND f.forgotten_at IS NULL
RETURN f.predicate AS predicate, count(f) AS facts,
       sum(CASE WHEN f.expired_at > datetime($now) AND f.valid_at <= datetime($now) AND f.invalid_at > datetime($now) THEN 1 ELSE 0 END) AS holding
ORDER BY facts DESC, predicate
