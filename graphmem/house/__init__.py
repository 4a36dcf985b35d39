"""Keeping house: is all well, is the schema up to date, vectors of another model, backup and restore."""
