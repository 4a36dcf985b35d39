// facts_found_locally: the believed facts of low confidence that only messages say which no model has read
// $scopes [STRING]  $confidence FLOAT  $now STRING  -> id
MATCH (f:Fact)
WHERE f.scope IN $scopes AND f.confidence <= $confidence AND f.expired_at > datetime($now)
  AND NOT EXISTS { MATCH (f)-[:STATED_IN]->(e:Episode) WHERE e.extraction <> 'local' }
RETURN f.id AS id
ORDER BY f.id
