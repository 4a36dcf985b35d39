// rewrite_changes: decisions on the record without the words that were forgotten or deleted
// $scope STRING  $rows [{id, operations, reason}]
UNWIND $rows AS row
MATCH (c:Change {id: row.id})
WHERE c.scope = $scope
SET c.operations = row.operations, c.reason = row.reason
