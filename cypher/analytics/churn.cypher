// churn: how many facts began and ended, by the month in which they did, and turned out never to have been so, by that of the learning
// $scopes [STRING]  $now TIME
// -> month, began INT, ended INT, corrected INT
MATCH (f:Fact)
WHERE f.scope IN $scopes AND f.forgotten_at IS NULL
UNWIND [{month: f.valid_at, kind: 'began', counts: f.expired_at > datetime($now) AND f.valid_at <= datetime($now)},
        {month: f.invalid_at, kind: 'ended', counts: f.expired_at > datetime($now) AND f.invalid_at <= datetime($now)},
        {month: f.expired_at, kind: 'corrected', counts: f.expired_at <= datetime($now)}] AS event
WITH event
WHERE event.counts
WITH substring(toString(event.month), 0, 7) AS month, event.kind AS kind
RETURN month, sum(CASE WHEN kind = 'began' THEN 1 ELSE 0 END) AS began,
       sum(CASE WHEN kind = 'ended' THEN 1 ELSE 0 END) AS ended,
       sum(CASE WHEN kind = 'corrected' THEN 1 ELSE 0 END) AS corrected
ORDER BY month
