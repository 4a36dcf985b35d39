// note_reembedding: note which model the vectors come from now, and how far they were written anew      scope: none
// $embedder STRING  $dimension INT  $reached STRING? (none when all are done)
MERGE (own:GraphMem {id: 'graphmem'})
SET own.embedder = $embedder, own.dimension = $dimension, own.reembedding = $reached
