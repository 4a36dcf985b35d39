// scope_sizes: how many messages the scopes hold, and whether there are facts
// $scopes [STRING]  -> episodes INT, facts BOOLEAN
OPTIONAL MATCH (s:Scope)
WHERE s.id IN $scopes
WITH coalesce(sum(s.seq), 0) AS episodes
RETURN episodes, EXISTS { MATCH (f:Fact) WHERE f.scope IN $scopes } AS facts
