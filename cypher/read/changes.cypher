// changes: decisions on the record, oldest first
// $scopes [STRING]  $after INT  $limit INT  -> change
MATCH (c:Change)
WHERE c.scope IN $scopes AND c.number > $after
RETURN c {.id, .scope, .number, at: toString(c.at), .operations, .reason, .model, .prompt_version, .calls, .tokens_in, .tokens_cached,
          .tokens_out, .seconds, .money, .episode_ids, .editor, .undoes} AS change
ORDER BY c.number
LIMIT $limit
