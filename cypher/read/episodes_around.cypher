// episodes_around: messages with their neighbours on both sides, fields in lists to be short; of some how near they are to the question
// $scopes [STRING]  $ids [STRING]  $unscored [STRING] (whose nearness is asked)  $vector [FLOAT]
// -> around [[id, scope, message_id, session, seq, role, speaker, text, at, agent?, metadata?, state, reason?, near?, tokens BYTES?]]
UNWIND $ids AS id
MATCH (seed:Episode {id: id})-[:NEXT*0..2]-(e:Episode)
WHERE seed.scope IN $scopes AND e.scope IN $scopes AND e.hidden_at IS NULL
WITH DISTINCT e
WITH collect([e.id, e.scope, e.message_id, e.session, e.seq, e.role, e.speaker, e.text, toString(e.at), e.agent, e.metadata, e.state, e.reason,
                CASE WHEN e.id IN $unscored THEN vector.similarity.cosine(e.embedding, $vector) END, e.tokens]) AS around
RETURN [{around: around}] AS rows
