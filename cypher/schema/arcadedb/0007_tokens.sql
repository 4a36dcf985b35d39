-- The indexes whose keys hold scopes can only be written anew, after an erasure, where the property is declared.
CREATE PROPERTY Episode.tokens_due IF NOT EXISTS STRING;
CREATE PROPERTY Fact.tokens_due IF NOT EXISTS STRING;
