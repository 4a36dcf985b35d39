// retext_facts: how facts read after an entity got another name
// $scope STRING  $rows [{fact_id, text, folded, embedding}]
UNWIND $rows AS row
MATCH (f:Fact {id: row.fact_id})
WHERE f.scope = $scope
SET f.text = row.text, f.folded = row.folded, f.embedding = row.embedding,
    f.tokens_due = f.scope_key
REMOVE f.tokens
