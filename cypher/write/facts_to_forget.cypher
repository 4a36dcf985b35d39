// facts_to_forget: the facts that requests name by their value or, without one, by subject and predicate, also from the
//                  other end; believed or not
// $scope STRING  $items [{i, value_key, slot_key, object, inverse}]      ('' asks nothing)      -> i INT, fact STRING (its id)
UNWIND $items AS item
CALL (item) {
  MATCH (f:Fact {value_key: item.value_key}) WHERE f.scope = $scope
  RETURN f
  UNION
  MATCH (f:Fact {slot_key: item.slot_key}) WHERE f.scope = $scope
  RETURN f
  UNION
  MATCH (:Entity {canonical_id: item.object})<-[:OBJECT]-(f:Fact)
  WHERE f.scope = $scope AND f.predicate = item.inverse
  RETURN f
}
WITH item, f
WHERE f.forgotten_at IS NULL
RETURN item.i AS i, f.id AS fact
ORDER BY i, fact
