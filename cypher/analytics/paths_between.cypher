// paths_between: the shortest chain of ties between two entities, by their names, over at most five
// $scopes [STRING]  $from STRING  $to STRING
// -> entities [STRING], ties [STRING]
MATCH (a:Entity {name: $from}), (b:Entity {name: $to})
WHERE a.scope IN $scopes AND b.scope = a.scope AND a.id <> b.id
MATCH p = shortestPath((a)-[*..5]-(b))
WHERE all(n IN nodes(p) WHERE n.scope = a.scope AND n.canonical_id IS NOT NULL)
  AND all(r IN relationships(p) WHERE r.fact_id IS NOT NULL)
RETURN [n IN nodes(p) | n.name] AS entities, [r IN relationships(p) | type(r)] AS ties
