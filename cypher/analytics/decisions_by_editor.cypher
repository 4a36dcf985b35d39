// decisions_by_editor: who changed what is believed by hand, and when last
// $scopes [STRING]
// -> editor, decisions INT, last
MATCH (c:Change)
WHERE c.scope IN $scopes AND c.editor <> ''
RETURN c.editor AS editor, count(c) AS decisions, toString(max(c.at)) AS last
ORDER BY decisions DESC, editor
