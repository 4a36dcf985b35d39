// tokens_of_messages: the tokens of messages, and of those that wait for theirs the words, with the two messages before
// $scopes [STRING]  $ids [STRING]  -> id, tokens BYTES?, speaker?, text?, before? [{speaker, text}] (oldest first)
UNWIND $ids AS id
MATCH (e:Episode {id: id})
WHERE e.scope IN $scopes AND e.hidden_at IS NULL
OPTIONAL MATCH (a:Episode)-[:NEXT]->(e)
WHERE e.tokens IS NULL
OPTIONAL MATCH (b:Episode)-[:NEXT]->(a)
RETURN collect({id: id, tokens: e.tokens, speaker: CASE WHEN e.tokens IS NULL THEN e.speaker ELSE NULL END,
       text: CASE WHEN e.tokens IS NULL THEN e.text ELSE NULL END,
       before: [p IN [b, a] WHERE p IS NOT NULL AND p.hidden_at IS NULL | {speaker: p.speaker, text: p.text}]}) AS rows
