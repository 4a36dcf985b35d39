// hide_episodes: messages that no read shows and no index finds any more; the text stays until they are deleted
// $scope STRING  $now STRING  $ids [STRING]
UNWIND $ids AS id
MATCH (e:Episode {id: id})
WHERE e.scope = $scope
SET e.hidden_at = datetime($now), e.folded = ''
REMOVE e.embedding, e.tokens, e.tokens_due
