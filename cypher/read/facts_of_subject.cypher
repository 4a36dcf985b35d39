// facts_of_subject: the ids of what is said about an entity by one predicate
// $scope STRING  $subject STRING  $predicate STRING  -> id
MATCH (:Entity {canonical_id: $subject})<-[:SUBJECT]-(f:Fact)
WHERE f.scope = $scope AND f.predicate = $predicate
RETURN f.id AS id
