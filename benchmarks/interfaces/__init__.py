"""Interface verdicts against labels given by hand: `python -m benchmarks.interfaces --eval DIR draw|judge`."""
