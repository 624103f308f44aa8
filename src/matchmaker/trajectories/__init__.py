"""Snapshots, motion, collision course: who moves toward whom, when and how surely, or that it cannot be known."""
