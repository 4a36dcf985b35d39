// create_episodes: keep messages as they were said
// $scope STRING  $scope_key STRING  $now STRING  $rows [{id, session_id, ...}]
UNWIND $rows AS row
MATCH (s:Session {id: row.session_id})
WHERE s.scope = $scope
CREATE (e:Episode:Episode{{BUCKET}} {id: row.id, scope: $scope, scope_key: $scope_key})
SET e.message_id = row.message_id, e.session = row.session, e.seq = row.seq, e.role = row.role,
    e.speaker = row.speaker, e.text = row.text, e.folded = row.folded, e.at = datetime(row.at),
    e.request = row.request, e.agent = row.agent, e.metadata = row.metadata, e.metadata_pairs = row.metadata_pairs,
    e.state = row.state, e.waiting = row.waiting, e.embedding = row.embedding,
    e.tokens_due = $scope_key, e.created_at = datetime($now)
CREATE (e)-[:IN]->(s)
