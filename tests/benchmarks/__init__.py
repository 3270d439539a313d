"""Benchmarks of the SDK against its peers: `python -m tests.benchmarks`."""
