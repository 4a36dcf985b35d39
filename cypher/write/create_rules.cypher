// create_rules: consequences that are stated ahead, with the messages that state them
// $scope STRING  $now STRING  $rows [{id, text, rule (JSON), state, said_at, embedding, episode_id, quote}]
UNWIND $rows AS row
MATCH (e:Episode {id: row.episode_id})
WHERE e.scope = $scope
CREATE (r:Rule {id: row.id, scope: $scope, text: row.text, rule: row.rule, state: row.state,
        said_at: datetime(row.said_at), embedding: row.embedding, created_at: datetime($now)})
CREATE (r)-[:STATED_IN {quote: row.quote}]->(e)
