// changes_of_fact: the decisions that made or revised a fact, oldest first
// $scopes [STRING]  $fact STRING  -> change
MATCH (c:Change)-[:CREATED|REVISED]->(f:Fact {id: $fact})
WHERE f.scope IN $scopes AND c.scope IN $scopes
WITH DISTINCT c
RETURN c {.id, .scope, .number, at: toString(c.at), .operations, .reason, .model, .prompt_version, .calls, .tokens_in, .tokens_cached,
          .tokens_out, .seconds, .money, .episode_ids, .editor, .undoes} AS change
ORDER BY change.number
