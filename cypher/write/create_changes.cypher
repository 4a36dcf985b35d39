// create_changes: put decisions on the record
// $scope STRING  $now STRING  $rows [{id, number, operations, reason, ...}]
UNWIND $rows AS row
CREATE (c:Change {id: row.id, scope: $scope})
SET c.number = row.number, c.at = datetime($now), c.operations = row.operations, c.reason = row.reason,
    c.model = row.model, c.prompt_version = row.prompt_version, c.calls = row.calls, c.tokens_in = row.tokens_in,
    c.tokens_cached = row.tokens_cached, c.tokens_out = row.tokens_out, c.seconds = row.seconds, c.money = row.money,
    c.episode_ids = row.episode_ids,
    c.editor = row.editor, c.undoes = row.undoes
