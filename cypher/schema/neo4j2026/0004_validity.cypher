// What is taken back is left out inside the vector index too.
DROP INDEX fact_vector IF EXISTS;
CYPHER 25 CREATE VECTOR INDEX fact_vector IF NOT EXISTS FOR (n:Fact) ON n.embedding WITH [n.scope, n.expired_at] OPTIONS {indexConfig: {`vector.dimensions`: $dimension, `vector.similarity_function`: 'cosine'}};
CALL db.awaitIndexes(300);
