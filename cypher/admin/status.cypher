// status: how much each of the scopes holds
// $scopes [STRING]  -> scope, episodes, pending, parked, entities, facts, open, changes
UNWIND $scopes AS scope
RETURN scope,
       COUNT { MATCH (e:Episode) WHERE e.scope = scope } AS episodes,
       COUNT { MATCH (e:Episode) WHERE e.scope = scope AND e.state = 'pending' } AS pending,
       COUNT { MATCH (e:Episode) WHERE e.scope = scope AND e.state = 'parked' } AS parked,
       COUNT { MATCH (n:Entity) WHERE n.scope = scope } AS entities,
       COUNT { MATCH (f:Fact) WHERE f.scope = scope } AS facts,
       COUNT { MATCH (f:Fact) WHERE f.scope = scope AND f.live_key IS NOT NULL } AS open,
       COUNT { MATCH (c:Change) WHERE c.scope = scope } AS changes
