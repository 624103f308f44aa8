"""Speed of building, loading and answering, as ratios beside a named alternative in the same run."""
