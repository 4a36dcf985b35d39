// changes_holding: all decisions of a scope as they are recorded, to be searched for words that have to go
// $scope STRING  -> id, operations, reason, episode_ids
MATCH (c:Change)
WHERE c.scope = $scope
RETURN c.id AS id, c.operations AS operations, c.reason AS reason, c.episode_ids AS episode_ids
