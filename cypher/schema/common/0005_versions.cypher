// A backup finds versions by their ids, page by page.
CREATE CONSTRAINT fact_version_id IF NOT EXISTS FOR (n:FactVersion) REQUIRE n.id IS UNIQUE;
