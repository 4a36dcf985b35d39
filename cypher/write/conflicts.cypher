// conflicts: the believed facts that new statements repeat, contradict, touch or nearly say; bounded, whatever the subject's degree
// $scope STRING  $now STRING  $words FLOAT (least share of words)  $limit INT
// $items [{i, live_key, value_key, slot_key, pair_key, inverse_key, start, end, subject, vector?, near FLOAT, any BOOLEAN, words [STRING], folded}]
//        slot: only what overlaps; '' asks nothing; a vector only where the wording makes the fact; near: the least cosine; any: of all facts of the subject
// -> i INT, kind STRING, cosine FLOAT, and the fact whole, as facts_by_ids returns it
// The stores' cosines have different ranges: the least one tells which.
WITH vector.similarity.cosine([1.0, 0.0], [-1.0, 0.0]) AS least
UNWIND $items AS item
CALL (item, least) {
  MATCH (f:Fact {live_key: item.live_key}) WHERE f.scope = $scope
  RETURN f, 'repeat' AS kind, null AS cosine
  UNION
  MATCH (f:Fact {value_key: item.value_key}) WHERE f.scope = $scope
  RETURN f, 'value' AS kind, null AS cosine
  UNION
  MATCH (f:Fact {slot_key: item.slot_key})
  WHERE f.scope = $scope AND f.expired_at > datetime($now)
    AND f.valid_at < datetime(item.end) AND f.invalid_at > datetime(item.start)
  RETURN f, 'slot' AS kind, null AS cosine
  UNION
  MATCH (f:Fact {pair_key: item.pair_key}) WHERE f.scope = $scope
  RETURN f, 'pair' AS kind, null AS cosine
  UNION
  MATCH (f:Fact {pair_key: item.inverse_key}) WHERE f.scope = $scope
  RETURN f, 'inverse' AS kind, null AS cosine
  UNION
  WITH item, least WHERE item.vector IS NOT NULL
  MATCH (:Entity {canonical_id: item.subject})<-[:SUBJECT]-(f:Fact)
  WHERE f.scope = $scope AND (item.any OR f.value_text IS NOT NULL OR f.raw_predicate IS NOT NULL)
  WITH item, least, f LIMIT 60
  WITH item, f, 2 * (vector.similarity.cosine(f.embedding, item.vector) - least) / (1 - least) - 1 AS cosine
  WHERE f.expired_at > datetime($now) AND f.valid_at < datetime(item.end) AND f.invalid_at > datetime(item.start)
    AND (cosine >= item.near OR size([w IN item.words WHERE f.folded CONTAINS w]) >= $words * size(item.words)
         OR size([w IN split(coalesce(f.value_text, ''), ' ') WHERE item.folded CONTAINS toLower(w)])
            >= $words * size(split(coalesce(f.value_text, ''), ' ')))
  WITH f, cosine ORDER BY cosine DESC LIMIT 8
  RETURN f, 'near' AS kind, cosine
}
WITH item, f, kind, cosine
WHERE f.expired_at > datetime($now)
WITH item.i AS i, f, kind, cosine
ORDER BY i, f.valid_at DESC
LIMIT $limit
MATCH (f)-[:SUBJECT]->(named:Entity)
MATCH (s:Entity {id: named.canonical_id})
OPTIONAL MATCH (f)-[:OBJECT]->(called:Entity)
// Not an id of null, which the embedded store looks for among all entities.
OPTIONAL MATCH (o:Entity {id: coalesce(called.canonical_id, '')})
WITH i, kind, cosine, s, o, named, called, f {.id, .scope, .predicate, .raw_predicate, .text, .value_text, .value_number, .unit, .precision, .stated, .event,
          .modality, .confidence, .uncertain_because, value_date: toString(f.value_date), valid_at: toString(f.valid_at),
          invalid_at: toString(f.invalid_at), created_at: toString(f.created_at), expired_at: toString(f.expired_at),
          uncertain_since: toString(f.uncertain_since), forgotten_at: toString(f.forgotten_at)} AS fact,
     [(f)-[r:STATED_IN]->(e:Episode) | {episode_id: e.id, quote: r.quote, subject_surface: r.subject_surface,
          object_surface: r.object_surface, speaker: e.speaker, at: toString(e.at)}] AS sources
RETURN collect({i: i, kind: kind, cosine: cosine, fact: fact, subject_id: s.id, subject: s.name, object_id: o.id, object: o.name,
        subject_named: named.id, object_named: called.id, sources: sources, versions: []}) AS rows
