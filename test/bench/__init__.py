"""Benchmarks: run by hand, `python -m test.bench.NAME`."""
