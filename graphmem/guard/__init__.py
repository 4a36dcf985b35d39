"""The first fence around queries of users: Cypher that reads, parsed and written anew for one's scopes."""
