"""The first fence around queries of users: Cypher that is parsed, kept to what reads, and written anew for one's scopes."""
