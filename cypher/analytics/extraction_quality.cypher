// extraction_quality: what came of the messages: how many were read and wait, how many facts, of them outside the ontology or only noted
// $scopes [STRING]
// -> scope, messages INT, pending INT, parked INT, read INT, facts INT, noted INT, outside INT
UNWIND $scopes AS scope
RETURN scope,
       COUNT { MATCH (e:Episode) WHERE e.scope = scope } AS messages,
       COUNT { MATCH (e:Episode) WHERE e.scope = scope AND e.state = 'pending' } AS pending,
       COUNT { MATCH (e:Episode) WHERE e.scope = scope AND e.state = 'parked' } AS parked,
       COUNT { MATCH (e:Episode) WHERE e.scope = scope AND e.extraction = 'model' } AS read,
       COUNT { MATCH (f:Fact) WHERE f.scope = scope } AS facts,
       COUNT { MATCH (f:Fact) WHERE f.scope = scope AND f.predicate = 'NOTED' } AS noted,
       COUNT { MATCH (f:Fact) WHERE f.scope = scope AND f.predicate = 'RELATED_TO' } AS outside
