"""The memory over HTTP; thin: the same calls and the same values as in Python."""
