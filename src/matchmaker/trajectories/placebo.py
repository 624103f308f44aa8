"""Histories in which nothing can be foreseen, or the opposite: what looks like skill on them is none."""

from __future__ import annotations

import numpy as np

from matchmaker.trajectories.field import Singles

SHUFFLED, REVERSED = "shuffled order", "reversed order"


def rearranged(tracks: Singles, order: str, rng: int = 0) -> Singles:
    """Tracks (n, T, k), NaN where absent, with each partner's own snapshots in another order on the dates on which it was seen:
    `SHUFFLED` for each partner anew, or `REVERSED`. Where everybody stood stays, and when is lost.
    """
    draws = np.random.default_rng(rng)
    there = ~np.isnan(tracks[:, :, 0])
    found = tracks.copy()
    key = draws.random(there.shape) if order == SHUFFLED else -np.broadcast_to(np.arange(there.shape[1]), there.shape)
    key = np.where(there, key, np.inf)
    source = np.argsort(key, axis=1, kind="stable")
    target = np.argsort(~there, axis=1, kind="stable")
    np.put_along_axis(found, target[:, :, None], np.take_along_axis(tracks, source[:, :, None], axis=1), axis=1)
    return found
