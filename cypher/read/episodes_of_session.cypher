// episodes_of_session: the last messages of a session, oldest first; one that is to be shown no more has no text
// $scopes [STRING]  $session STRING  $before_seq INT? (only those before this number)  $limit INT  -> episode
MATCH (s:Session)<-[:IN]-(e:Episode)
WHERE s.scope IN $scopes AND s.name = $session AND e.scope IN $scopes AND ($before_seq IS NULL OR e.seq < $before_seq)
WITH e ORDER BY e.seq DESC LIMIT $limit
WITH e ORDER BY e.seq
WITH e {.id, .scope, .message_id, .session, .seq, .role, .speaker, text: CASE WHEN e.hidden_at IS NULL THEN e.text ELSE '' END, at: toString(e.at), .agent, .metadata, .state, .reason} AS episode
RETURN collect({episode: episode}) AS rows
