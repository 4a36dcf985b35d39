// embedded_total: how many nodes carry a vector      scope: none
// -> total INT
MATCH (n)
WHERE n.embedding IS NOT NULL
RETURN count(n) AS total
