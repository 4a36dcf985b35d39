// create_facts: new facts with their subjects
// $scope STRING  $scope_key STRING  $now STRING  $rows [{id, subject_id, predicate, ..., tokens BYTES? (null: they are due)}]
UNWIND $rows AS row
MATCH (s:Entity {id: row.subject_id})
WHERE s.scope = $scope
CREATE (f:Fact:Fact{{BUCKET}} {id: row.id, scope: $scope, scope_key: $scope_key})
SET f.predicate = row.predicate, f.raw_predicate = row.raw_predicate, f.text = row.text, f.folded = row.folded,
    f.value_text = row.value_text, f.value_number = row.value_number, f.unit = row.unit,
    f.value_date = datetime(row.value_date), f.valid_at = datetime(row.valid_at),
    f.invalid_at = datetime(row.invalid_at), f.precision = row.precision, f.stated = row.stated, f.event = row.event,
    f.created_at = datetime($now), f.expired_at = datetime(row.expired_at), f.modality = row.modality,
    f.confidence = row.confidence, f.live_key = row.live_key, f.value_key = row.value_key, f.slot_key = row.slot_key, f.pair_key = row.pair_key,
    f.embedding = row.embedding, f.tokens = row.tokens,
    f.tokens_due = CASE WHEN row.tokens IS NULL THEN $scope_key ELSE NULL END,
    f.sweep_key = CASE WHEN row.ends THEN $scope_key ELSE NULL END
CREATE (f)-[:SUBJECT]->(s)
