// write_tokens: keep the tokens of messages or facts, of those that still say what was embedded and are to be shown
// $scope STRING  $rows [{id, text, tokens BYTES}]
UNWIND $rows AS row
MATCH (n:{{LABEL}} {id: row.id})
WHERE n.scope = $scope AND n.text = row.text AND n.hidden_at IS NULL
SET n.tokens = row.tokens
REMOVE n.tokens_due
