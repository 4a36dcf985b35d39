// paths_between: the shortest chain of ties between two entities, by their names, over at most four
// $scopes [STRING]  $now TIME  $from STRING  $to STRING
// -> entities [STRING], ties [STRING]
MATCH (a:Entity {name: $from}), (b:Entity {name: $to})
WHERE a.scope IN $scopes AND b.scope = a.scope AND a.id <> b.id
MATCH p = (a) ((x:Entity)-[r WHERE r.fact_id IS NOT NULL]-(y:Entity)){1,4} (b)
WHERE all(n IN nodes(p) WHERE n.scope = a.scope)
  AND all(t IN relationships(p) WHERE t.valid_at <= datetime($now) AND t.invalid_at > datetime($now))
RETURN [n IN nodes(p) | n.name] AS entities, [t IN relationships(p) | type(t)] AS ties
ORDER BY length(p), ties
LIMIT 1
