// cost_by_model: calls, tokens, seconds and dollars by model and by version of the prompt; no dollars without a price
// $scopes [STRING]
// -> model, prompt_version, calls INT, tokens_in INT, tokens_cached INT, tokens_out INT, seconds FLOAT, money FLOAT?
MATCH (u:Usage)
WHERE u.scope IN $scopes
RETURN u.model AS model, u.prompt_version AS prompt_version, sum(u.calls) AS calls, sum(u.tokens_in) AS tokens_in,
       sum(u.tokens_cached) AS tokens_cached, sum(u.tokens_out) AS tokens_out, sum(u.seconds) AS seconds,
       CASE WHEN count(u.money) = count(u) THEN sum(u.money) END AS money
ORDER BY tokens_in DESC, model, prompt_version
