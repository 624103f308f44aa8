"""How well partners are ranked, on public data that nobody here wrote: `python -m benchmarks.quality --eval DIR`."""
