"""The sample conversation of this project, and the command that shows what a memory makes of it."""
