// hold_schema: take the lock of whoever changes the schema      scope: none
MERGE (own:GraphMem {id: 'schema'})
SET own.held = true
