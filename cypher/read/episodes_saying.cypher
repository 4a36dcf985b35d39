// episodes_saying: the messages whose words match, best first; $text is a Lucene query that names the scopes' keys
// $scopes [STRING]  $text STRING  $limit INT  -> id, facts [STRING] (their ids), score
CALL db.index.fulltext.queryNodes('episode_text', $text, {limit: $limit}) YIELD node, score
WHERE node.scope IN $scopes
WITH node, score
ORDER BY score DESC
LIMIT $limit
RETURN collect({id: node.id, facts: [(node)<-[:STATED_IN]-(f:Fact) | f.id], score: score}) AS rows
