"""Which segment each partner is likely to enter, from the labels of dated profiles, and so where two come to stand together."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import SettingsError
from matchmaker.trajectories.entering import Bools, Entering, Labelled
from matchmaker.trajectories.field import YEAR, Floats, Singles, Snapshots
from matchmaker.trajectories.packed import Packed

if TYPE_CHECKING:
    from matchmaker.profiles.schema import Partner
    from matchmaker.trajectories.history import History

MOST_SEGMENTS = 100
FEWEST_ENTRIES = 20
"""Entries that must have been seen before a rate is told."""
LEAST = 0.02
"""A segment that two come to share with a smaller chance is not told."""
_CELLS = 1_000_000


@dataclass(frozen=True)
class Entries:
    """Segments of n partners at the last date. segments: (s,) industries, regions and company sizes that a snapshot names;
    held: (n, s) bool; rates: (n, s) float32 entries a year, 0 where the partner is already; seen: entries it was learned from.
    """

    segments: Packed
    held: Bools
    rates: Singles
    seen: int

    @classmethod
    def of(cls, history: History, snapshots: Snapshots) -> Entries | None:
        """Learned from who entered what between neighbouring dates; snapshots: of the texts that say where a partner stands,
        partners in the order of `history.ids`. None with fewer than 20 entries.
        """
        names = _segments(history)
        if not names:
            return None
        code = {name: place for place, name in enumerate(names)}
        pairs = list(pairwise(range(len(history.dates))))
        share = max(1, len(history.ids) * len(names) * len(pairs) // _CELLS)
        drawn = history.ids[::share]
        steps = []
        for now, later in pairs:
            present, held, breadth = _held(history, drawn, history.dates[now], code)
            still, after, _ = _held(history, drawn, history.dates[later], code)
            both = present & still
            years = (history.dates[later] - history.dates[now]).days / YEAR
            labelled = Labelled(held[both], breadth[both], snapshots.at(now)[::share][both])
            steps.append((labelled, after[both] & ~held[both], years))
        try:
            model = Entering.fit([step for step in steps if len(step[0].held)])
        except SettingsError:  # nobody entered any
            return None
        if model.entries < FEWEST_ENTRIES:
            return None
        there, held, breadth = _held(history, history.ids, history.dates[-1], code)
        rates = _rates(model, Labelled(held, breadth, snapshots.at(len(history.dates) - 1)))
        rates[~there] = 0.0
        return cls(Packed.of(names), held, rates, model.entries)

    def shared(self, a: int, b: int, years: float, most: int = 3) -> list[tuple[str, float, bool, bool]]:
        """Segments that the partners of two rows come to share within some years, likeliest first: name, chance, and which of
        them enters. One enters where the other is, or both do.
        """
        chance_a, chance_b = (-np.expm1(-self.rates[row].astype(np.float64) * years) for row in (a, b))
        held_a, held_b = self.held[a], self.held[b]
        chance = np.where(held_b, chance_a, np.where(held_a, chance_b, chance_a * chance_b))
        best = np.argsort(-chance, kind="stable")[:most]
        return [
            (self.segments[place], float(chance[place]), not held_a[place], not held_b[place])
            for place in best[chance[best] >= LEAST].tolist()
        ]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as plain arrays, by name."""
        return {
            "segments": self.segments.content,
            "segment_offsets": self.segments.offsets,
            "held": self.held,
            "rates": self.rates,
            "seen": np.array([self.seen]),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Entries:
        """What `arrays` gave."""
        names = Packed(arrays["segments"], arrays["segment_offsets"])
        return cls(names, arrays["held"], arrays["rates"], int(arrays["seen"][0]))


def _labels(partner: Partner) -> set[str]:
    return {*partner.industries, *partner.regions, *partner.company_sizes}


def _segments(history: History) -> list[str]:
    """The segments that most partners ever named, at most 100."""
    counts = Counter(
        label for days in history.profiles.values() for label in set().union(*(_labels(one) for one in days.values()))
    )
    return sorted(name for name, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:MOST_SEGMENTS])


def _held(history: History, ids: tuple[str, ...], day: dt.date, code: Mapping[str, int]) -> tuple[Bools, Bools, Floats]:
    """Who was there on a date, which segments each named, and how many labels of any kind."""
    there, held = np.zeros(len(ids), dtype=bool), np.zeros((len(ids), len(code)), dtype=bool)
    breadth = np.zeros(len(ids))
    for row, name in enumerate(ids):
        partner = history.profiles[name].get(day)
        if partner is not None:
            labels = _labels(partner)
            there[row], breadth[row] = True, len(labels) + len(partner.categories)
            held[row, [code[label] for label in labels if label in code]] = True
    return there, held, breadth


def _rates(model: Entering, now: Labelled) -> Singles:
    """(n, s) float32 entries a year. Chances of a year tell them, as those are of a Poisson process."""
    rates: Singles = (-np.log1p(-np.minimum(model.chances(now, 1.0), 1 - 1e-12))).astype(np.float32)
    return rates
