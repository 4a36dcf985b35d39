// Without it two programs that begin at once would each make a node to hold.
CREATE CONSTRAINT graphmem_id IF NOT EXISTS FOR (n:GraphMem) REQUIRE n.id IS UNIQUE;
