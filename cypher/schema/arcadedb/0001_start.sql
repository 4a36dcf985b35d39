-- Vector and full-text indexes of the embedded store; $dimension comes with the embedder.
CREATE PROPERTY Episode.embedding IF NOT EXISTS ARRAY_OF_FLOATS;
CREATE PROPERTY Episode.scope_key IF NOT EXISTS STRING;
CREATE PROPERTY Episode.folded IF NOT EXISTS STRING;
CREATE PROPERTY Fact.embedding IF NOT EXISTS ARRAY_OF_FLOATS;
CREATE PROPERTY Fact.scope_key IF NOT EXISTS STRING;
CREATE PROPERTY Fact.folded IF NOT EXISTS STRING;
CREATE PROPERTY Entity.scope_key IF NOT EXISTS STRING;
CREATE PROPERTY Entity.folded IF NOT EXISTS STRING;
CREATE INDEX episode_vector IF NOT EXISTS ON Episode (embedding) LSM_VECTOR METADATA {dimensions: $dimension, similarity: 'COSINE'};
CREATE INDEX fact_vector IF NOT EXISTS ON Fact (embedding) LSM_VECTOR METADATA {dimensions: $dimension, similarity: 'COSINE'};
CREATE INDEX episode_text IF NOT EXISTS ON Episode (scope_key, folded) FULL_TEXT METADATA {"analyzer": "org.apache.lucene.analysis.en.EnglishAnalyzer"};
CREATE INDEX fact_text IF NOT EXISTS ON Fact (scope_key, folded) FULL_TEXT METADATA {"analyzer": "org.apache.lucene.analysis.en.EnglishAnalyzer"};
CREATE INDEX entity_text IF NOT EXISTS ON Entity (scope_key, folded) FULL_TEXT METADATA {"analyzer": "org.apache.lucene.analysis.en.EnglishAnalyzer"};
