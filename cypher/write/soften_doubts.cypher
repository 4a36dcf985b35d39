// soften_doubts: why facts are or were uncertain, without a value that was asked to be forgotten
// $scope STRING  $rows [{text, neutral}]
UNWIND $rows AS row
MATCH (f:{{LABEL}})
WHERE f.scope = $scope AND f.uncertain_because CONTAINS row.text
SET f.uncertain_because = replace(f.uncertain_because, row.text, row.neutral)
