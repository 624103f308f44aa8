"""Partners as sides of a pair, made of a few vectors by hand."""

from __future__ import annotations

import numpy as np

from matchmaker.matching.closeness import Texts, closeness
from matchmaker.matching.ragged import Items, unit
from matchmaker.matching.reasons import Voice
from matchmaker.matching.space import Side

WIDTH = 6
NONE = np.zeros(WIDTH, dtype=np.float32)


def axis(number, toward=None, cosine=1.0):
    """Unit vector `number`, or one that has this cosine with unit vector `toward`."""
    vector = np.zeros(WIDTH, dtype=np.float32)
    if toward is None:
        vector[number] = 1.0
    else:
        vector[toward], vector[number] = cosine, np.sqrt(1.0 - cosine**2)
    return vector


def items(vectors):
    rows = np.array(vectors, dtype=np.float32).reshape(-1, WIDTH)
    return Items(unit(rows), np.array([0, len(rows)]))


def make_side(goals=(), capabilities=(), heading=NONE, marks=None):
    """marks: rows (own, usual, rare, rare audience), zeros where none are given."""
    rows = np.zeros((len(goals), 4)) if marks is None else np.array(marks)
    return Side(
        row=None, audience=NONE, heading=heading, topic=NONE, summary=NONE, capabilities=items(capabilities),
        goals=items(goals), marks=rows.astype(np.float32).reshape(-1, 4), pooled=NONE, states_audience=True,
        inferred_goals=False,
        terms=(np.zeros(0, np.int32), np.zeros(0, np.float32)), labels={}, size=np.nan, completeness=1.0,
    )  # fmt: skip


def near(side, other):
    """What `other` is to `side`."""
    return next(closeness(side, Texts(other.heading[None, :], other.capabilities, other.goals, other.marks)))[0]


def make_voice(name, goals=0, capabilities=0, *, from_peers=False):
    return Voice(
        name=name,
        goals=[f"{name} goal {number}" for number in range(goals)],
        capabilities=[f"{name} offer {number}" for number in range(capabilities)],
        audience=f"{name} audience",
        goals_from_peers=from_peers,
    )
