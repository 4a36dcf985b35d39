// conflicts: the believed facts that new statements repeat, contradict or touch; bounded by keys, whatever the subject's degree
// $scope STRING  $now STRING  $limit INT
// $items [{i, live_key, value_key, slot_key, pair_key, inverse_key, start, end}]      slot: only what overlaps; '' asks nothing
// -> i INT, kind STRING, fact STRING (its id)
UNWIND $items AS item
CALL (item) {
  MATCH (f:Fact {live_key: item.live_key}) WHERE f.scope = $scope
  RETURN f, 'repeat' AS kind
  UNION
  MATCH (f:Fact {value_key: item.value_key}) WHERE f.scope = $scope
  RETURN f, 'value' AS kind
  UNION
  MATCH (f:Fact {slot_key: item.slot_key})
  WHERE f.scope = $scope AND f.expired_at > datetime($now)
    AND f.valid_at < datetime(item.end) AND f.invalid_at > datetime(item.start)
  RETURN f, 'slot' AS kind
  UNION
  MATCH (f:Fact {pair_key: item.pair_key}) WHERE f.scope = $scope
  RETURN f, 'pair' AS kind
  UNION
  MATCH (f:Fact {pair_key: item.inverse_key}) WHERE f.scope = $scope
  RETURN f, 'inverse' AS kind
}
WITH item, f, kind
WHERE f.expired_at > datetime($now)
RETURN item.i AS i, kind, f.id AS fact, f.predicate AS predicate
ORDER BY i, f.valid_at DESC
LIMIT $limit
