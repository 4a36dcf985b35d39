// neighbourhood: what lies within two ties of one person or thing
// :params {scope: 'default/ada', name: 'Ingrid'}
MATCH p = (a:Entity {scope: $scope})
  (()-[r WHERE r.fact_id IS NOT NULL AND r.valid_at <= datetime() AND r.invalid_at > datetime()]-()){1,2}
  (:Entity {scope: $scope})
WHERE a.name = $name OR $name IN a.aliases
RETURN p
LIMIT 200
