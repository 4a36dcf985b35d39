// rekey_facts: the keys of facts whose entities are others now
// $scope STRING  $rows [{fact_id, live_key?, value_key, slot_key, pair_key?}]
UNWIND $rows AS row
MATCH (f:Fact {id: row.fact_id})
WHERE f.scope = $scope
SET f.live_key = row.live_key, f.value_key = row.value_key, f.slot_key = row.slot_key, f.pair_key = row.pair_key
