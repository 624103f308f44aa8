"""Speed and memory of account overlap, beside a pandas merge, SciPy and bitsets in the same run."""
