"""Scores of many pairs of stored partners at once: the numbers of `scorer.score` (to 1e-9), by compiled loops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.audience.overlap import lift
from matchmaker.matching import compiled
from matchmaker.matching.evidence import FIT, KINDS, lexical_strength, mean_known, region_share
from matchmaker.matching.fit_type import FIT_TYPES, fit_codes
from matchmaker.matching.gain import floor
from matchmaker.matching.prior import weights_for
from matchmaker.matching.ragged import Ints, LabelSets, jaccard
from matchmaker.matching.reciprocity import balance, harmonic, mutual_nats, one_way
from matchmaker.matching.scales import percentile

if TYPE_CHECKING:
    from matchmaker.config import Config
    from matchmaker.matching.space import Space

Floats = NDArray[np.float64]
BLOCK = 4096
"""Pairs whose evidence stays in the processor's cache."""
_GAIN, _AUDIENCE, _TOPIC, _CATEGORY, _REDUNDANCY = (
    KINDS.index(kind) for kind in ("gain", "audience", "topic", "category", "redundancy")
)


@dataclass(frozen=True)
class ScoredPairs:
    """k pairs (a, b), every array (k,). value_to_a, value_to_b: in [0, 1), nats_to_a, nats_to_b: their surprise; mutual, balance:
    in [0, 1]; fit: place in FIT_TYPES.
    """

    value_to_a: Floats
    value_to_b: Floats
    nats_to_a: Floats
    nats_to_b: Floats
    mutual: Floats
    balance: Floats
    one_way: NDArray[np.bool_]
    fit: NDArray[np.int8]

    @property
    def nats(self) -> Floats:
        """-ln(1 - mutual), the ranking key."""
        return mutual_nats(self.nats_to_a, self.nats_to_b)

    @property
    def fit_type(self) -> NDArray[np.str_]:
        """The fit type in words."""
        return np.array(FIT_TYPES)[self.fit]

    def take(self, places: Ints | slice) -> ScoredPairs:
        """Some of the pairs, in the order asked."""
        return ScoredPairs(*(values[places] for values in vars(self).values()))


class PairScorer:
    """Scores pairs of an ecosystem. rivals: (r, 2) int64 rows of pairs with an explicit competitor relation, in either order."""

    def __init__(self, space: Space, config: Config, rivals: Ints) -> None:
        self._space, self._config = space, config
        self._labels = {kind: _Labels(sets) for kind, sets in space.labels.items() if len(sets.codes)}
        vectors = {kind: getattr(space, name) for kind, name in _VECTORS.items()}
        self._vectors = {kind: _plain(one) for kind, one in vectors.items()}
        goals, offers = space.goals, space.capabilities
        floors = floor(np.asarray(space.marks))
        wanted = _plain(goals.vectors), _plain(goals.offsets), _plain(floors)
        self._goals = (*wanted, _plain(offers.vectors), _plain(offers.offsets))
        terms = space.lexical
        self._terms = _plain(terms.indices), _plain(terms.values), _plain(terms.offsets)
        self._scales = _plain(space.scales.knots), _plain(space.scales.width)
        weights = np.ascontiguousarray(weights_for(config, np.array([False, True])).T)
        self._weights = _plain(weights), _plain(np.diff(goals.offsets) > 0)
        both = np.concatenate((rivals, rivals[:, ::-1]))
        self._rivals = np.unique(both[:, 0] * len(space) + both[:, 1])

    def score(self, rows_a: Ints, rows_b: Ints) -> ScoredPairs:
        """Score the pairs (rows_a, rows_b), (k,) int64 each, of two different partners."""
        # In the order of a, so that what is read of it is read once for all its pairs.
        order = np.argsort(rows_a, kind="stable")
        a, b = rows_a[order], rows_b[order]
        nats, fit = np.empty((2, len(order))), np.empty(len(order), dtype=np.int8)
        for low in range(0, len(order), BLOCK):
            part = slice(low, low + BLOCK)
            nats[:, part], fit[part] = self._block(a[part], b[part])
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        nats = nats.take(back, axis=1)
        to_a, to_b = percentile(nats)
        return ScoredPairs(
            value_to_a=to_a,
            value_to_b=to_b,
            nats_to_a=nats[0],
            nats_to_b=nats[1],
            mutual=harmonic(to_a, to_b),
            balance=balance(to_a, to_b),
            one_way=one_way(to_a, to_b),
            fit=fit.take(back),
        )

    def evidence(self, rows_a: Ints, rows_b: Ints) -> tuple[Floats, Floats]:
        """-ln(1 - mutual) of the pairs, (k,), and their raw evidence as a sees it, (len(KINDS), k), NaN where unknown."""
        nats, raw = np.empty(len(rows_a)), np.empty((len(KINDS), len(rows_a)))
        for low in range(0, len(rows_a), BLOCK):
            part = slice(low, low + BLOCK)
            found, seen, _, _ = self._weighed(rows_a[part], rows_b[part])
            nats[part], raw[:, part] = mutual_nats(*found), seen
        return nats, raw

    def _weighed(self, a: Ints, b: Ints) -> tuple[Floats, Floats, Floats, Floats]:
        """Surprise of both directions (2, k), raw evidence as a sees it and mean percentiles (kinds, k), likeness of texts (k,)."""
        raw, back = self._evidence(a, b)
        said = self._space.lexical.said
        strength = lexical_strength(said(a), said(b))
        nats, standing, alike = np.empty((2, len(a))), np.empty(raw.shape), np.empty(len(a))
        compiled.prior(*self._scales, *self._weights, a, b, raw, back, strength, nats, standing, alike)
        return nats, raw, standing, alike

    def _block(self, a: Ints, b: Ints) -> tuple[Floats, NDArray[np.int8]]:
        """Surprise of both directions (2, k), and fit types (k,)."""
        nats, raw, standing, alike = self._weighed(a, b)
        near = np.where(np.isnan(standing[_AUDIENCE]), standing[_TOPIC], standing[_AUDIENCE])
        rivals = self._rival(a, b)
        return nats, fit_codes(near, standing[_REDUNDANCY], standing[_CATEGORY], raw[_CATEGORY], alike, rivals)

    def _evidence(self, a: Ints, b: Ints) -> tuple[Floats, Floats]:
        """Raw evidence as a sees it, (kinds, k), and what b sees otherwise: its gain, (k,)."""
        raw, back = np.empty((len(KINDS), len(a))), np.empty(len(a))
        compiled.gains(*self._goals, a, b, raw[_GAIN])
        compiled.gains(*self._goals, b, a, back)
        for kind, vectors in self._vectors.items():
            compiled.cosines(vectors, a, b, raw[KINDS.index(kind)])
        stated = self._space.states_audience
        raw[_AUDIENCE][~(stated[a] & stated[b])] = np.nan
        compiled.lexical(*self._terms, a, b, raw[KINDS.index("lexical")])
        raw[KINDS.index("overlap")] = self._overlap(a, b)
        raw[_CATEGORY] = self._labels["categories"].jaccard(a, b) if "categories" in self._labels else np.nan
        raw[KINDS.index("fit")] = self._fit(a, b)
        return raw, back

    def _fit(self, a: Ints, b: Ints) -> Floats:
        parts = [self._labels[kind].jaccard(a, b) for kind in FIT if kind in self._labels]
        if regions := self._labels.get("regions"):
            everywhere = self._space.everywhere
            parts.append(
                region_share(regions.shared(a, b), regions.mine[a], regions.own[b], everywhere[a] | everywhere[b])
            )
        return mean_known(parts) if parts else np.full(len(a), np.nan)

    def _overlap(self, a: Ints, b: Ints) -> Floats:
        accounts = self._space.accounts
        if accounts is None or not accounts.universe:
            return np.full(len(a), np.nan)
        codes, offsets = _plain(accounts.codes), _plain(accounts.offsets)
        common, counts = np.empty(len(a), dtype=np.int64), np.diff(offsets)
        compiled.shared_counts(codes, offsets, a, b, common)
        return lift(common, counts[a], counts[b], accounts.universe)

    def _rival(self, a: Ints, b: Ints) -> NDArray[np.bool_]:
        if not len(self._rivals):
            return np.zeros(len(a), dtype=bool)
        wanted = a * len(self._space) + b
        place = np.minimum(np.searchsorted(self._rivals, wanted), len(self._rivals) - 1)
        return np.asarray(self._rivals[place] == wanted)


_VECTORS = {"audience": "audience", "topic": "topic", "summary": "summary", "redundancy": "pooled"}
"""The field of a space that each kind of cosine is taken of."""


class _Labels:
    """Label sets for pairs. mine, own: (n,) summed weight of a row's labels as `LabelSets.jaccard` sums it for the asking side
    and for the other.
    """

    def __init__(self, sets: LabelSets) -> None:
        self._arrays = _plain(sets.codes), _plain(sets.offsets), _plain(sets.weights)
        self.mine, self.own = _single_sums(sets), sets.own

    def shared(self, a: Ints, b: Ints) -> Floats:
        """Summed weight of the labels of both, (k,)."""
        out = np.empty(len(a))
        compiled.shared_weights(*self._arrays, a, b, out)
        return out

    def jaccard(self, a: Ints, b: Ints) -> Floats:
        """Weighted Jaccard similarity, (k,); NaN where either has no label."""
        return jaccard(self.shared(a, b), self.mine[a], self.own[b])


def _single_sums(sets: LabelSets) -> Floats:
    """(n,) summed weight of each row's labels, in float32 as numpy sums a single row."""
    counts, found = np.diff(sets.offsets), np.zeros(len(sets.offsets) - 1)
    weights = sets.weights[sets.codes]
    for count in np.unique(counts[counts > 0]).tolist():
        rows = np.flatnonzero(counts == count)
        found[rows] = weights[sets.offsets[rows][:, None] + np.arange(count)].sum(axis=1)
    return found


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """The array as numpy's own and read only, whatever it is mapped from or joined of: one kind to compile for."""
    found = np.ascontiguousarray(np.asarray(array)).view()
    found.flags.writeable = False
    return found
