// Vector and full-text indexes of Neo4j 2026.x; the vector ones filter by scope inside; $dimension comes with the embedder.
CYPHER 25 CREATE VECTOR INDEX episode_vector IF NOT EXISTS FOR (n:Episode) ON n.embedding WITH [n.scope] OPTIONS {indexConfig: {`vector.dimensions`: $dimension, `vector.similarity_function`: 'cosine'}};
CYPHER 25 CREATE VECTOR INDEX fact_vector IF NOT EXISTS FOR (n:Fact) ON n.embedding WITH [n.scope] OPTIONS {indexConfig: {`vector.dimensions`: $dimension, `vector.similarity_function`: 'cosine'}};
CREATE FULLTEXT INDEX episode_text IF NOT EXISTS FOR (n:Episode) ON EACH [n.scope_key, n.folded] OPTIONS {indexConfig: {`fulltext.analyzer`: 'english'}};
CREATE FULLTEXT INDEX fact_text IF NOT EXISTS FOR (n:Fact) ON EACH [n.scope_key, n.folded] OPTIONS {indexConfig: {`fulltext.analyzer`: 'english'}};
CREATE FULLTEXT INDEX entity_text IF NOT EXISTS FOR (n:Entity) ON EACH [n.scope_key, n.folded] OPTIONS {indexConfig: {`fulltext.analyzer`: 'english'}};
CALL db.awaitIndexes(300);
