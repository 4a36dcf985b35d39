// episodes_by_ids: messages as they are kept; one that is to be shown no more has no text
// $scopes [STRING]  $ids [STRING]  -> episode
UNWIND $ids AS id
MATCH (e:Episode {id: id})
WHERE e.scope IN $scopes
WITH e {.id, .scope, .message_id, .session, .seq, .role, .speaker, text: CASE WHEN e.hidden_at IS NULL THEN e.text ELSE '' END, at: toString(e.at), .agent, .metadata, .state, .reason} AS episode
RETURN collect({episode: episode}) AS rows
