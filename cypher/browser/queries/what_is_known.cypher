// what_is_known: the facts about one person or thing in words, with their dates, the newest first
// :params {scope: 'default/ada', name: 'Ada'}
MATCH (f:Fact {scope: $scope})-[:SUBJECT|OBJECT]->(e:Entity {scope: $scope})
WHERE (e.name = $name OR $name IN e.aliases) AND f.forgotten_at IS NULL AND f.expired_at > datetime()
RETURN DISTINCT f.text AS fact, toString(date(f.valid_at)) AS since,
       CASE WHEN f.invalid_at.year < 9999 THEN toString(date(f.invalid_at)) END AS until,
       CASE WHEN f.uncertain_since IS NOT NULL THEN f.uncertain_because END AS uncertain, f.id AS id
ORDER BY since DESC, fact
LIMIT 200
