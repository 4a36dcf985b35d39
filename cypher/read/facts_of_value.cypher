// facts_of_value: the ids of what says the same of a subject, at any time
// $scope STRING  $value_key STRING  -> id
MATCH (f:Fact {value_key: $value_key})
WHERE f.scope = $scope
RETURN f.id AS id
