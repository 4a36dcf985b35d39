// scope_sizes: how many messages the scopes hold, how many facts up to a bound, and which model the vectors come from
// $scopes [STRING]  $most INT  -> episodes INT, facts INT, embedder, dimension, reembedding?
OPTIONAL MATCH (s:Scope)
WHERE s.id IN $scopes
WITH coalesce(sum(s.seq), 0) AS episodes
CALL () { MATCH (f:Fact) WHERE f.scope IN $scopes WITH f LIMIT $most RETURN count(f) AS facts }
MATCH (own:GraphMem {id: 'graphmem'})
RETURN episodes, facts, own.embedder AS embedder, own.dimension AS dimension, own.reembedding AS reembedding
