// write_vectors: give nodes of one label vectors of another model      scope: none
// $rows [{id, embedding}]
UNWIND $rows AS row
MATCH (n:{{LABEL}} {id: row.id})
SET n.embedding = row.embedding
