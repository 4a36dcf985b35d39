// silent_speakers: who said nothing since a day
// $scopes [STRING]  $since TIME
// -> scope, speaker, last_said, messages INT
MATCH (e:Episode)
WHERE e.scope IN $scopes AND e.role = 'user'
WITH e.scope AS scope, e.speaker AS speaker, max(e.at) AS last, count(e) AS messages
WHERE last < datetime($since)
RETURN scope, speaker, toString(last) AS last_said, messages
ORDER BY last, speaker
