// scope_sizes: how many messages the scopes hold, how many facts up to a bound, and which model the vectors come from
// $scopes [STRING]  $most INT  -> episodes INT, facts INT, embedder, dimension, reembedding?
OPTIONAL MATCH (s:Scope)
WHERE s.id IN $scopes
WITH coalesce(sum(s.seq), 0) AS episodes
// One scope after the other: in a subquery the embedded store uses no index for a list, and reads all facts.
CALL () { UNWIND $scopes AS scope MATCH (f:Fact {scope: scope}) WITH f LIMIT $most RETURN count(f) AS facts }
MATCH (own:GraphMem {id: 'graphmem'})
RETURN collect({episodes: episodes, facts: facts, embedder: own.embedder, dimension: own.dimension, reembedding: own.reembedding}) AS rows
