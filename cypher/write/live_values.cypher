// live_values: the literals that are believed and not over of some entities and predicates
// $scope STRING  $slots [STRING]  $now STRING  -> slot_key, predicate, text, number      oldest first
UNWIND $slots AS slot
MATCH (f:Fact {slot_key: slot})
WHERE f.scope = $scope AND f.live_key IS NOT NULL AND f.invalid_at > datetime($now)
RETURN f.slot_key AS slot_key, f.predicate AS predicate, f.value_text AS text, f.value_number AS number, f.valid_at AS since
ORDER BY since
