// forget_facts: facts without their values: subject, predicate and the time of forgetting stay
// $scope STRING  $now STRING  $rows [{fact_id, text, folded, embedding}]
UNWIND $rows AS row
MATCH (f:Fact {id: row.fact_id})
WHERE f.scope = $scope
SET f.text = row.text, f.folded = row.folded, f.embedding = row.embedding, f.tokens_due = f.scope_key, f.forgotten_at = datetime($now),
    f.expired_at = CASE WHEN f.expired_at < datetime($now) THEN f.expired_at ELSE datetime($now) END
REMOVE f.tokens, f.value_text, f.value_number, f.unit, f.value_date, f.live_key, f.value_key, f.pair_key, f.uncertain_because
WITH f
OPTIONAL MATCH (f)-[object:OBJECT]->(:Entity)
DELETE object
WITH DISTINCT f
MATCH (f)-[stated:STATED_IN]->(:Episode)
SET stated.quote = '', stated.subject_surface = '', stated.object_surface = ''
