// enter_usage: add one call of a model to the books of its day
// $scope STRING  $id STRING  $day STRING  $kind STRING  $model STRING  $prompt_version STRING
// $tokens_in INT  $tokens_cached INT  $tokens_out INT  $seconds FLOAT  $money FLOAT?
MERGE (u:Usage {id: $id})
ON CREATE SET u.scope = $scope, u.day = $day, u.kind = $kind, u.model = $model, u.prompt_version = $prompt_version,
              u.calls = 0, u.tokens_in = 0, u.tokens_cached = 0, u.tokens_out = 0, u.seconds = 0.0, u.money = 0.0
SET u.calls = u.calls + 1, u.tokens_in = u.tokens_in + $tokens_in, u.tokens_cached = u.tokens_cached + $tokens_cached,
    u.tokens_out = u.tokens_out + $tokens_out, u.seconds = u.seconds + $seconds, u.money = u.money + $money
