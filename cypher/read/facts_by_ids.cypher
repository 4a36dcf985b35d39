// facts_by_ids: facts whole, with names, sources and earlier versions
// $scopes [STRING]  $ids [STRING]  -> fact, subject_id, subject, object_id?, object?, sources, versions
UNWIND $ids AS id
MATCH (f:Fact {id: id})-[:SUBJECT]->(named:Entity)
WHERE f.scope IN $scopes
MATCH (s:Entity {id: named.canonical_id})
OPTIONAL MATCH (f)-[:OBJECT]->(called:Entity)
// Not an id of null, which the embedded store looks for among all entities.
OPTIONAL MATCH (o:Entity {id: coalesce(called.canonical_id, '')})
WITH s, o, named, called, f {.id, .scope, .predicate, .raw_predicate, .text, .value_text, .value_number, .unit, .precision, .stated, .event,
          .modality, .confidence, .uncertain_because, value_date: toString(f.value_date), valid_at: toString(f.valid_at),
          invalid_at: toString(f.invalid_at), created_at: toString(f.created_at), expired_at: toString(f.expired_at),
          uncertain_since: toString(f.uncertain_since), forgotten_at: toString(f.forgotten_at)} AS fact,
     [(f)-[r:STATED_IN]->(e:Episode) | {episode_id: e.id, quote: r.quote, subject_surface: r.subject_surface,
          object_surface: r.object_surface, speaker: e.speaker, at: toString(e.at)}] AS sources,
     [(f)-[:WAS]->(v:FactVersion) | {valid_at: toString(v.valid_at), invalid_at: toString(v.invalid_at),
          precision: v.precision, stated: v.stated, uncertain_since: toString(v.uncertain_since),
          uncertain_because: v.uncertain_because,
          created_at: toString(v.created_at), expired_at: toString(v.expired_at)}] AS versions
RETURN collect({fact: fact, subject_id: s.id, subject: s.name, object_id: o.id, object: o.name, subject_named: named.id,
        object_named: called.id, sources: sources,
        versions: versions}) AS rows
