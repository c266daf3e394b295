"""Bench: what xl2 costs, measured. `make bench` runs it and writes `bench/results` and `docs/benchmarks.md`."""
