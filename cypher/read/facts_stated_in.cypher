// facts_stated_in: the facts that some messages state
// $scopes [STRING]  $ids [STRING]  -> id, episode_id
UNWIND $ids AS id
MATCH (e:Episode {id: id})<-[:STATED_IN]-(f:Fact)
WHERE e.scope IN $scopes AND f.scope IN $scopes
RETURN DISTINCT f.id AS id, e.id AS episode_id
