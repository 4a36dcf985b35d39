// episodes_said: what is kept under these ids, hidden or not, to be held against what comes under them
// $scope STRING  $ids [STRING]  -> id, role, speaker, session, text, at, agent?, metadata, request?
UNWIND $ids AS id
MATCH (e:Episode {id: id})
WHERE e.scope = $scope
RETURN e.id AS id, e.role AS role, e.speaker AS speaker, e.session AS session, e.text AS text, toString(e.at) AS at,
       e.agent AS agent, e.metadata AS metadata, e.request AS request
