-- The index whose keys hold scopes can only be written anew, after an erasure, where the property is declared.
CREATE PROPERTY Usage.scope IF NOT EXISTS STRING;
