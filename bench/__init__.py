"""Benchmarks of the SDK against its peers: `python -m bench`."""
