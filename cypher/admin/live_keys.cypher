// live_keys: under which key each fact is kept open
// $scopes [STRING]  -> id, live_key?
MATCH (f:Fact)
WHERE f.scope IN $scopes
RETURN f.id AS id, f.live_key AS live_key
