// link_rules: the entities that stated rules are about
// $scope STRING  $rows [{rule_id, entity_id}]
UNWIND $rows AS row
MATCH (r:Rule {id: row.rule_id})
MATCH (n:Entity {id: row.entity_id})
WHERE r.scope = $scope AND n.scope = $scope
MERGE (r)-[:ABOUT]->(n)
