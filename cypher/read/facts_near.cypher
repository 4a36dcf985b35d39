// facts_near: how near facts are to a question, and their tokens; of those that wait for theirs the words
// $scopes [STRING]  $ids [STRING]  $vector [FLOAT]  -> id, near, tokens BYTES?, text?
UNWIND $ids AS id
MATCH (f:Fact {id: id})
WHERE f.scope IN $scopes
RETURN collect({id: f.id, near: vector.similarity.cosine(f.embedding, $vector), tokens: f.tokens,
       text: CASE WHEN f.tokens IS NULL THEN f.text ELSE NULL END}) AS rows
