"""The times that a question names: how they are read, and which stretches of time they are."""
