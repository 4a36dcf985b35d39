// clear: delete a batch of everything, for tests and benchmarks on a graph of their own      scope: none
// $limit INT  -> deleted INT
MATCH (n)
WITH n LIMIT $limit
DETACH DELETE n
RETURN count(*) AS deleted
