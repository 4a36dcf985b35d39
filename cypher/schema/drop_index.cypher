// One index, taken away before the vectors in it are written anew; the same words in Cypher and in SQL.
DROP INDEX {{INDEX}} IF EXISTS;
