// scope_sizes: how many messages and statements the scopes hold
// $scopes [STRING]  -> episodes INT
MATCH (s:Scope)
WHERE s.id IN $scopes
RETURN sum(s.seq) AS episodes
