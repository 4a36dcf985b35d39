// facts_by_ids: facts whole, with names, sources and earlier versions
// $scopes [STRING]  $ids [STRING]  -> fact, subject_id, subject, object_id?, object?, sources, versions
UNWIND $ids AS id
MATCH (f:Fact {id: id})-[:SUBJECT]->(named:Entity)
WHERE f.scope IN $scopes
MATCH (s:Entity {id: named.canonical_id})
OPTIONAL MATCH (f)-[:OBJECT]->(called:Entity)
OPTIONAL MATCH (o:Entity {id: called.canonical_id})
RETURN f {.id, .scope, .predicate, .raw_predicate, .text, .value_text, .value_number, .unit, .value_date, .valid_at,
          .invalid_at, .precision, .stated, .created_at, .expired_at, .uncertain_since, .modality, .confidence} AS fact,
       s.id AS subject_id, s.name AS subject, o.id AS object_id, o.name AS object,
       [(f)-[r:STATED_IN]->(e:Episode) | {episode_id: e.id, quote: r.quote, subject_surface: r.subject_surface,
          object_surface: r.object_surface, speaker: e.speaker, at: e.at}] AS sources,
       [(f)-[:WAS]->(v:FactVersion) | {valid_at: v.valid_at, invalid_at: v.invalid_at, precision: v.precision,
          stated: v.stated, uncertain_since: v.uncertain_since, created_at: v.created_at, expired_at: v.expired_at}] AS versions
