// episodes_around: messages with their neighbours on both sides, fields in lists to be short; and how near some are to the question
// $scopes [STRING]  $ids [STRING]  $unscored [STRING] (whose nearness is asked)  $vector [FLOAT]
// -> around [[id, scope, message_id, session, seq, role, speaker, text, at, agent?, metadata?, state, reason?, tokens BYTES?]], near [{id, near}]
UNWIND $ids AS id
MATCH (seed:Episode {id: id})-[:NEXT*0..2]-(e:Episode)
WHERE seed.scope IN $scopes AND e.scope IN $scopes AND e.hidden_at IS NULL
WITH DISTINCT e
WITH collect([e.id, e.scope, e.message_id, e.session, e.seq, e.role, e.speaker, e.text, toString(e.at), e.agent, e.metadata, e.state, e.reason,
                e.tokens]) AS around
CALL () {
  UNWIND $unscored AS id
  MATCH (e:Episode {id: id})
  WHERE e.scope IN $scopes
  RETURN collect({id: e.id, near: vector.similarity.cosine(e.embedding, $vector)}) AS near
}
RETURN [{around: around, near: near}] AS rows
