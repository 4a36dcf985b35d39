// set_properties: the live view's literals, as properties of their subject; keys are the ontology's
// $scope STRING  $id STRING  $properties MAP (null removes)
MATCH (n:Entity {id: $id})
WHERE n.scope = $scope
SET n += $properties
