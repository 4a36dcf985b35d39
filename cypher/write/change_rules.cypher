// change_rules: stated rules that took effect, wait again, or are withdrawn
// $scope STRING  $rows [{id, state}]
UNWIND $rows AS row
MATCH (r:Rule {id: row.id})
WHERE r.scope = $scope
SET r.state = row.state
