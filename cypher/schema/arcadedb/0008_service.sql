-- An index whose keys hold scopes can only be written anew, after an erasure, where the property is declared.
CREATE PROPERTY Episode.parked IF NOT EXISTS STRING;
CREATE PROPERTY Scope.due IF NOT EXISTS LONG;
