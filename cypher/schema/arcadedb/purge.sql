-- What an erasure leaves in the files of indexes goes with them; the store itself clears its write-ahead log, and the
-- place of a record that is deleted, but not that of one that had grown and been moved before: the last statement does.
REBUILD INDEX episode_text;
REBUILD INDEX fact_text;
REBUILD INDEX entity_text;
REBUILD INDEX entity_name_key;
REBUILD INDEX entity_scope;
REBUILD INDEX episode_scope;
REBUILD INDEX fact_scope;
REBUILD INDEX fact_version_scope;
REBUILD INDEX change_scope;
REBUILD INDEX session_scope;
REBUILD INDEX rule_scope;
REBUILD INDEX usage_scope;
REBUILD INDEX episode_parked;
REBUILD INDEX episode_tokens_due;
REBUILD INDEX fact_tokens_due;
REBUILD INDEX `Scope[id]`;
CHECK DATABASE COMPRESS;
