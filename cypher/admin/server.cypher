// server: which product and version answers      scope: none
// -> name STRING, versions [STRING]
CALL dbms.components() YIELD name, versions
RETURN name, versions
