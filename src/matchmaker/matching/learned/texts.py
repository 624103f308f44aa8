"""What the texts and labels say about pairs, as features: the evidence of the prior, unweighed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from matchmaker.errors import SettingsError
from matchmaker.matching.evidence import KINDS
from matchmaker.matching.learned.history import Floats, Ints
from matchmaker.matching.scorer import score

if TYPE_CHECKING:
    from matchmaker.config import Config
    from matchmaker.matching.space import Side, Space

FEATURES = ("prior", "lexical", "topic", "summary", "category", "redundancy")
"""prior: mutual evidence in nats (scorer.py); the others: raw, evidence.py; 0 where unknown."""
_KINDS = [KINDS.index(kind) for kind in FEATURES[1:]]
_WEIGHT = 0.3


def of_side(space: Space, config: Config, side: Side, rows: Ints) -> Floats:
    """(k, len(FEATURES)) of one side with the partners at `rows` (k,)."""
    scored = score(space, config, side, rows, np.zeros(len(rows), dtype=bool))
    raw = scored.evidence.raw[_KINDS, 0].T
    return np.concatenate((scored.nats[:, None], np.nan_to_num(raw)), axis=1)


def of_pairs(space: Space, config: Config, asks: Ints, others: Ints) -> Floats:
    """(p, len(FEATURES)) of the pairs asks[r], others[r]; the pairs of one asking partner stand together."""
    found = np.empty((len(asks), len(FEATURES)))
    for low, high in runs(asks):
        found[low:high] = of_side(space, config, space.side(int(asks[low])), others[low:high])
    return found


def stored(side: Side) -> int:
    """The row of a side that has a history. Raises SettingsError for a profile that is not in the catalogue: it has none yet."""
    if side.row is None:
        raise SettingsError("What was learned from history ranks stored partners only.")
    return side.row


def runs(asks: Ints) -> Iterator[tuple[int, int]]:
    """Begin and end of each run of equal values in (p,)."""
    edges = np.flatnonzero(np.concatenate((np.ones(1, dtype=bool), asks[1:] != asks[:-1], np.ones(1, dtype=bool))))
    return itertools.pairwise(edges.tolist()) if len(asks) else iter(())


def profile_vectors(space: Space) -> Floats:
    """(n, d) unit whitened profile vectors, zero where a partner says nothing."""
    return np.asarray(space.topic, dtype=np.float64)


def profile_facts(space: Space) -> Floats:
    """(n, e) plain facts of a profile, centred, of deviation `_WEIGHT`: how much it says, offers and wants, how large it is."""
    rows = np.arange(len(space))
    size = space.size.astype(np.float64)
    columns = (
        np.log1p(space.lexical.said(rows)),
        np.log1p(np.diff(space.capabilities.offsets)),
        np.log1p(np.where(space.inferred_goals, 0, np.diff(space.goals.offsets))),
        *(np.log1p(np.diff(sets.offsets)) for sets in space.labels.values()),
        np.nan_to_num(size, nan=0.5),
        np.isnan(size),
        space.completeness,
    )
    table = np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)
    spread = table.std(axis=0)
    return np.asarray((table - table.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0) * _WEIGHT)
