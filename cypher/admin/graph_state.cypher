// graph_state: what this graph says about itself, and whether anything is in it      scope: none
// -> format INT?, dimension INT?, embedder STRING?, reembedding STRING?, nodes INT
OPTIONAL MATCH (own:GraphMem {id: 'graphmem'})
CALL () { MATCH (n) WITH n LIMIT 1 RETURN count(n) AS nodes }
RETURN own.format AS format, own.dimension AS dimension, own.embedder AS embedder, own.reembedding AS reembedding, nodes
