// episodes_around: messages with their neighbours on both sides, and how near each is to the question
// $scopes [STRING]  $ids [STRING]  $vector [FLOAT]  -> episode, near
UNWIND $ids AS id
MATCH (seed:Episode {id: id})-[:NEXT*0..2]-(e:Episode)
WHERE seed.scope IN $scopes AND e.scope IN $scopes AND e.hidden_at IS NULL
WITH DISTINCT e
WITH e {.id, .scope, .message_id, .session, .seq, .role, .speaker, .text, at: toString(e.at), .agent, .metadata, .state, .reason} AS episode,
     vector.similarity.cosine(e.embedding, $vector) AS near
RETURN collect({episode: episode, near: near}) AS rows
