// record_migration: note in the graph up to which schema it was brought, and which model its vectors come from      scope: none
// $format INT  $name STRING  $now STRING  $embedder STRING  $dimension INT
MERGE (own:GraphMem {id: 'graphmem'})
SET own.format = $format, own.embedder = $embedder, own.dimension = $dimension
MERGE (m:Migration {id: $name})
SET m.applied_at = datetime($now)
