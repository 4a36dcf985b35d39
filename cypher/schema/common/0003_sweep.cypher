// What was written before and has a stated end.
MATCH (f:Fact) WHERE f.invalid_at < datetime('9999-12-31T23:59:59Z') AND f.expired_at >= datetime('9999-12-31T23:59:59Z') SET f.sweep_key = f.scope_key;
