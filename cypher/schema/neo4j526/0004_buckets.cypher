// A vector index a bucket of scopes, since 5.26 cannot filter inside one: {{BUCKET}} stands for each of 32, B00 to B31.
// The bucket comes from the first two hexadecimal digits of the scope's key.
DROP INDEX fact_vector IF EXISTS;
DROP INDEX episode_vector IF EXISTS;
CREATE VECTOR INDEX fact_vector_{{BUCKET}} IF NOT EXISTS FOR (n:Fact{{BUCKET}}) ON n.embedding OPTIONS {indexConfig: {`vector.dimensions`: $dimension, `vector.similarity_function`: 'cosine'}};
CREATE VECTOR INDEX episode_vector_{{BUCKET}} IF NOT EXISTS FOR (n:Episode{{BUCKET}}) ON n.embedding OPTIONS {indexConfig: {`vector.dimensions`: $dimension, `vector.similarity_function`: 'cosine'}};
MATCH (n:Fact) CALL (n) { WITH n, '0123456789abcdef' AS hex WITH n, size(split(hex, substring(n.scope_key, 0, 1))[0]) % 2 * 16 + size(split(hex, substring(n.scope_key, 1, 1))[0]) AS bucket SET n:$('FactB' + right('0' + bucket, 2)) } IN TRANSACTIONS OF 5000 ROWS;
MATCH (n:Episode) CALL (n) { WITH n, '0123456789abcdef' AS hex WITH n, size(split(hex, substring(n.scope_key, 0, 1))[0]) % 2 * 16 + size(split(hex, substring(n.scope_key, 1, 1))[0]) AS bucket SET n:$('EpisodeB' + right('0' + bucket, 2)) } IN TRANSACTIONS OF 5000 ROWS;
CALL db.awaitIndexes(300);
