"""Benchmarks of quality and speed; each prints a table and writes JSON."""
