// lock_scope: take the scope's write lock for this transaction, and count the write
// $scope STRING  $scope_key STRING  $now STRING  -> version, ledger_version, seq, change_number, embedder, dimension, reembedding?, restoring?, erasing?
MERGE (s:Scope {id: $scope})
ON CREATE SET s.scope = $scope, s.scope_key = $scope_key, s.created_at = datetime($now),
              s.version = 0, s.ledger_version = 0, s.seq = 0, s.change_number = 0
SET s.version = s.version + 1
WITH s
MATCH (own:GraphMem {id: 'graphmem'})
RETURN s.version AS version, s.ledger_version AS ledger_version, s.seq AS seq, s.change_number AS change_number,
       own.embedder AS embedder, own.dimension AS dimension, own.reembedding AS reembedding, s.restoring AS restoring,
       s.erasing AS erasing
