// read_anew_beside: the tokens of messages that were embedded in the light of some others are to be embedded anew
// $scope STRING  $ids [STRING]
UNWIND $ids AS id
MATCH (gone:Episode {id: id})-[:NEXT*1..9]-(beside:Episode)
WHERE gone.scope = $scope AND beside.scope = $scope AND beside.hidden_at IS NULL
WITH DISTINCT beside
SET beside.tokens_due = beside.scope_key
REMOVE beside.tokens
