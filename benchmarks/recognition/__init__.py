"""Streaming recognition, measured at the pace of speech: this project and its peers, by one set of definitions.

`python -m benchmarks.recognition --help`; the definitions are in `docs/benchmarks.md`.
"""
