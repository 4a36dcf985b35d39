// usage_of_scopes: what asking models took, by scope, day, kind of call, model and version of the prompt
// $scopes [STRING]  $since STRING
// -> scope, day, kind, model, prompt_version, calls INT, tokens_in INT, tokens_cached INT, tokens_out INT, seconds FLOAT, money FLOAT?
MATCH (u:Usage)
WHERE u.scope IN $scopes AND u.day >= $since
RETURN u.scope AS scope, u.day AS day, u.kind AS kind, u.model AS model, u.prompt_version AS prompt_version,
       u.calls AS calls, u.tokens_in AS tokens_in, u.tokens_cached AS tokens_cached, u.tokens_out AS tokens_out,
       u.seconds AS seconds, u.money AS money
ORDER BY scope, day, kind, model, prompt_version
