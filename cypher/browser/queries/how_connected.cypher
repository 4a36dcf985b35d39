// how_connected: the shortest chains of ties between two people or things, over at most six
// :params {scope: 'default/ada', from: 'Ada', to: 'Oslo'}
MATCH p = ALL SHORTEST
  (:Entity {scope: $scope, name: $from})
  (()-[r WHERE r.fact_id IS NOT NULL AND r.valid_at <= datetime() AND r.invalid_at > datetime()]-()){1,6}
  (:Entity {scope: $scope, name: $to})
RETURN p
LIMIT 10
