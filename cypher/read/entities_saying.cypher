// entities_saying: the entities whose names match, best first; $text is a Lucene query that names the scopes' keys
// $scopes [STRING]  $text STRING  $limit INT  -> entity, score
CALL db.index.fulltext.queryNodes('entity_text', $text, {limit: $limit}) YIELD node, score
WHERE node.scope IN $scopes
WITH node {.id, .scope, .name, .type, .aliases, .canonical_id} AS entity, score
ORDER BY score DESC
LIMIT $limit
RETURN collect({entity: entity, score: score}) AS rows
