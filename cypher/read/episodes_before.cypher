// episodes_before: the last messages before a place in the scope's order
// $scope STRING  $before INT  $limit INT  -> id
MATCH (e:Episode)
WHERE e.scope = $scope AND e.seq < $before AND e.seq >= $before - $limit
RETURN e.id AS id
ORDER BY e.seq
