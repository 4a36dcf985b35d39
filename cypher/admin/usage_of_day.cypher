// usage_of_day: calls and tokens of one day, of one scope and of all      scope: none
// $scope STRING  $day STRING  -> scope_calls INT, scope_tokens INT, day_calls INT, day_tokens INT
OPTIONAL MATCH (u:Usage {day: $day})
RETURN sum(CASE WHEN u.scope = $scope THEN u.calls ELSE 0 END) AS scope_calls,
       sum(CASE WHEN u.scope = $scope THEN u.tokens_in + u.tokens_out ELSE 0 END) AS scope_tokens,
       coalesce(sum(u.calls), 0) AS day_calls, coalesce(sum(u.tokens_in + u.tokens_out), 0) AS day_tokens
