// cost_by_model: decisions and tokens by model and by version of the prompt
// $scopes [STRING]
// -> model, prompt_version, decisions INT, tokens_in INT, tokens_out INT
MATCH (c:Change)
WHERE c.scope IN $scopes AND c.model <> ''
RETURN c.model AS model, c.prompt_version AS prompt_version, count(c) AS decisions,
       sum(c.tokens_in) AS tokens_in, sum(c.tokens_out) AS tokens_out
ORDER BY tokens_in DESC, model, prompt_version
