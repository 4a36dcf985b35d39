// scope_sizes: how many messages the scopes hold, and how many facts up to a bound
// $scopes [STRING]  $most INT  -> episodes INT, facts INT
OPTIONAL MATCH (s:Scope)
WHERE s.id IN $scopes
WITH coalesce(sum(s.seq), 0) AS episodes
CALL () { MATCH (f:Fact) WHERE f.scope IN $scopes WITH f LIMIT $most RETURN count(f) AS facts }
RETURN episodes, facts
