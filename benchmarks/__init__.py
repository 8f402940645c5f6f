"""Measurements of the project, run by hand: `docs/benchmarks.md`."""
