// embedded_page: what the vectors of nodes of one label are made from, by id      scope: none
// $after STRING  $limit INT  -> id, text, speaker?, rule? (JSON)
MATCH (n:{{LABEL}})
WHERE n.id > $after AND n.embedding IS NOT NULL
RETURN n.id AS id, n.text AS text, n.speaker AS speaker, n.rule AS rule
ORDER BY n.id
LIMIT $limit
