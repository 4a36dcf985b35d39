"""Tools of the house: local servers, proofs."""
