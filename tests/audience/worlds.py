"""Small worlds of accounts, and their overlaps counted with Python sets."""

import math
from collections import Counter

import numpy as np
from hypothesis import strategies as st

from matchmaker.audience.incidence import Incidence, digests
from matchmaker.profiles.accounts import POPULATIONS

IDS = ("alpha", "beta", "gamma", "delta")
ROWS = st.lists(
    st.tuples(
        st.sampled_from(IDS[:3]), st.integers(0, 12), st.sampled_from(POPULATIONS), st.none() | st.integers(0, 9)
    ),
    max_size=60,
)
"""Rows of (partner, account, population, value); delta has none."""


def incidence(rows, ids=IDS):
    """The incidence of such rows."""
    ordered = tuple(sorted(ids))
    return Incidence.assembled(
        ordered,
        np.array([ordered.index(row[0]) for row in rows], dtype=np.int32),
        digests([f"{row[1]:032x}" for row in rows]),
        np.array([POPULATIONS.index(row[2]) for row in rows], dtype=np.int8),
        np.array([math.nan if row[3] is None else float(row[3]) for row in rows]),
    )


def pairs_of(counts, ids=IDS):
    """Rows that give each partner these accounts as customers, an account being a number."""
    return [
        (partner, account, "customer", None) for partner, held in zip(ids, counts, strict=False) for account in held
    ]


class Brute:
    """The same by sets."""

    def __init__(self, rows):
        self.held, self.worth = Counter(), {}
        for partner, account, population, value in rows:
            self.held[partner, account, population] += 1
            if population == "opportunity":
                self.worth.setdefault((partner, account), value or 0)
        self.universe = len({account for _, account, _ in self.held})

    def of(self, partner, *populations):
        return {
            account
            for who, account, population in self.held
            if who == partner and population in (populations or POPULATIONS)
        }

    def shared(self, a, b):
        return self.of(a) & self.of(b)

    def revenue(self, a, b):
        return sum(self.worth.get((a, account), 0) for account in self.shared(a, b))
