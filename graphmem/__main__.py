"""`python -m graphmem` is the command line."""

from graphmem.cli.main import app

app()
