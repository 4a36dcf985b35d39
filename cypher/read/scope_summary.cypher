// scope_summary: what was said so far, in short: up to where it goes, and how much was said since
// $scopes [STRING]  -> summary?, until INT, version INT, tokens INT
UNWIND $scopes AS scope
MATCH (s:Scope {id: scope})
RETURN s.summary AS summary, coalesce(s.summary_until, 0) AS until, coalesce(s.summary_version, 0) AS version,
       coalesce(s.unsummed_tokens, 0) AS tokens
