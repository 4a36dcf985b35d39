// episodes_unread: the messages that no model has read, in order; those that edits by hand brought need none
// $scopes [STRING]  -> id
MATCH (e:Episode)
WHERE e.scope IN $scopes AND e.state = 'done' AND e.extraction IN ['none', 'local'] AND e.hidden_at IS NULL
RETURN e.id AS id
ORDER BY e.seq
