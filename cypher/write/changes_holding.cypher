// changes_holding: the decisions that made or revised some facts, or that came from some messages
// $scope STRING  $facts [STRING]  $episodes [STRING]  -> id, operations, reason, episode_ids
MATCH (c:Change)
WHERE c.scope = $scope
  AND (any(e IN c.episode_ids WHERE e IN $episodes)
       OR EXISTS { MATCH (c)-[:CREATED|REVISED]->(f:Fact) WHERE f.id IN $facts })
RETURN c.id AS id, c.operations AS operations, c.reason AS reason, c.episode_ids AS episode_ids
