"""Benchmarks: each module prints one table; see README.md."""
