"""Both directions of a pair, combined: a match is worth what its weaker side gets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ONE_WAY_BELOW = 0.5
"""A pair is a one-way street when the weaker side stands below the middle of its own scale ..."""
ONE_WAY_GAP = 0.25
"""... and at least this far below the stronger side."""


def harmonic(out: Floats, back: Floats) -> Floats:
    """2pq / (p + q) in [0, 1]; 0 where both are 0. Source: RECON (Pizzato et al., RecSys 2010)."""
    both = out + back
    return np.asarray(np.where(both > 0, 2.0 * out * back / np.where(both > 0, both, 1.0), 0.0))


def balance(out: Floats, back: Floats) -> Floats:
    """Min / max in [0, 1]; 1 means that both sides get the same."""
    high = np.maximum(out, back)
    return np.asarray(np.where(high > 0, np.minimum(out, back) / np.where(high > 0, high, 1.0), 1.0))


def one_way(out: Floats, back: Floats) -> NDArray[np.bool_]:
    """Whether the pair is a one-way street: flagged, never hidden inside one number."""
    low, high = np.minimum(out, back), np.maximum(out, back)
    return np.asarray((low < ONE_WAY_BELOW) & (high - low >= ONE_WAY_GAP))


def mutual_nats(out: Floats, back: Floats) -> Floats:
    """-ln(1 - harmonic) from the two surprises: ranks the top without running out of float64.

    With p = 1 - exp(-out) and q = 1 - exp(-back): 1 - h = (P + Q - 2PQ) / (2 - P - Q) where P = 1 - p, Q = 1 - q. Below the
    middle the difference 2 - P - Q would lose its digits, and h itself is exact.
    """
    h = harmonic(-np.expm1(-out), -np.expm1(-back))
    big_p, big_q = np.exp(-out), np.exp(-back)
    rest = np.maximum(2.0 - (big_p + big_q), 1e-300)
    upper = -np.log(np.minimum(np.maximum((big_p + big_q - 2.0 * big_p * big_q) / rest, 1e-300), 1.0))
    return np.asarray(np.where(h < 0.5, -np.log1p(-np.minimum(h, 0.5)), upper))
