// episodes_before: the last messages that may be shown before a place in the scope's order
// $scope STRING  $before INT  $limit INT  -> id
MATCH (e:Episode)
WHERE e.scope = $scope AND e.seq < $before AND e.seq >= $before - $limit AND e.hidden_at IS NULL
RETURN e.id AS id
ORDER BY e.seq
