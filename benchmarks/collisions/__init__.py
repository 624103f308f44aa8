"""Trajectories against the truth of generated worlds, against baselines on real data, and against the clock."""
