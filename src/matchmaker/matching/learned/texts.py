"""What the texts and labels say about pairs, as features: the evidence of the prior, unweighed.

What is learned must not stand among the features: who learns from links is not told whom a partner is connected to, who learns from
accounts is told nothing of accounts, and the prior that either is held against is told as little.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from matchmaker.matching.evidence import KINDS
from matchmaker.matching.learned.history import Floats, Ints
from matchmaker.matching.ragged import LabelSets
from matchmaker.matching.space import LABEL_KINDS, NEIGHBOURS

if TYPE_CHECKING:
    from matchmaker.config import Config
    from matchmaker.matching.scorer import Scored
    from matchmaker.matching.space import Side, Space

FEATURES = ("prior", "lexical", "topic", "summary", "category", "fit", "redundancy")
"""prior: mutual evidence in nats (scorer.py); the others: raw, evidence.py; 0 where unknown. All are the same from both sides."""
_KINDS = [KINDS.index(kind) for kind in FEATURES[1:]]
_LABELS = tuple(kind for kind in LABEL_KINDS if kind != NEIGHBOURS)
_WEIGHT = 0.3


def without_links(space: Space) -> Space:
    """The same space, in which nobody is known to be connected with anybody."""
    nothing = LabelSets((), np.zeros(0, np.int32), np.zeros(len(space) + 1, np.int64), np.zeros(0, np.float32))
    return replace(space, labels={**space.labels, NEIGHBOURS: nothing})


def without_accounts(space: Space) -> Space:
    """The same space, in which nobody has accounts."""
    return replace(space, accounts=None)


def of_scored(scored: Scored) -> Floats:
    """(k, len(FEATURES)) of scored pairs of one side."""
    return _of_evidence(scored.nats, scored.evidence.raw[:, 0])


def of_pairs(space: Space, config: Config, asks: Ints, others: Ints) -> Floats:
    """(p, len(FEATURES)) of the pairs of stored partners asks[r], others[r]."""
    return teller(space, config)(asks, others)


def teller(space: Space, config: Config) -> Callable[[Ints, Ints], Floats]:
    """`of_pairs` of one space, for who asks more than once."""
    from matchmaker.matching.bulk import PairScorer  # and the compiler, which a single question has no use for

    scorer = PairScorer(space, config, np.zeros((0, 2), dtype=np.int64))
    return lambda asks, others: _of_evidence(*scorer.evidence(asks, others))


def _of_evidence(nats: Floats, raw: Floats) -> Floats:
    return np.concatenate((nats[:, None], np.nan_to_num(raw[_KINDS].T)), axis=1)


def runs(asks: Ints) -> Iterator[tuple[int, int]]:
    """Begin and end of each run of equal values in (p,)."""
    edges = np.flatnonzero(np.concatenate((np.ones(1, dtype=bool), asks[1:] != asks[:-1], np.ones(1, dtype=bool))))
    return itertools.pairwise(edges.tolist()) if len(asks) else iter(())


def profile_vectors(space: Space) -> Floats:
    """(n, d) unit whitened profile vectors, zero where a partner says nothing."""
    return np.asarray(space.topic, dtype=np.float64)


@dataclass(frozen=True)
class Facts:
    """Plain facts of a profile, centred and of deviation `_WEIGHT`: how much it says, offers and wants, how large it is.

    mean, spread: (e,) of the partners that were there when it was fitted.
    """

    mean: Floats
    spread: Floats

    @classmethod
    def fit(cls, space: Space) -> Facts:
        """Of all partners of a space."""
        table = _plain(space)
        spread = table.std(axis=0)
        return cls(table.mean(axis=0), np.where(spread > 1e-9, spread, 1.0))

    def of_space(self, space: Space) -> Floats:
        """(n, e) of every partner."""
        return np.asarray((_plain(space) - self.mean) / self.spread * _WEIGHT)

    def of_side(self, side: Side) -> Floats:
        """(1, e) of one side, which need not be stored."""
        counts = (
            len(side.terms[0]),
            len(side.capabilities.vectors),
            0 if side.inferred_goals else len(side.goals.vectors),
            *(len(side.labels[kind]) for kind in _LABELS),
        )
        unknown = side.size != side.size
        plain = (*np.log1p(counts), 0.5 if unknown else side.size, float(unknown), side.completeness)
        return np.asarray((np.array([plain]) - self.mean) / self.spread * _WEIGHT)


def _plain(space: Space) -> Floats:
    size = space.size.astype(np.float64)
    columns = (
        np.log1p(space.lexical.said(np.arange(len(space)))),
        np.log1p(np.diff(space.capabilities.offsets)),
        np.log1p(np.where(space.inferred_goals, 0, np.diff(space.goals.offsets))),
        *(np.log1p(np.diff(space.labels[kind].offsets)) for kind in _LABELS),
        np.nan_to_num(size, nan=0.5),
        np.isnan(size),
        space.completeness,
    )
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)
