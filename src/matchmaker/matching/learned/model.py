"""What a version has learned, ready to answer: the order of a list, how often such pairs were observed, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.learned import texts
from matchmaker.matching.learned.calibration import Calibration, Ways
from matchmaker.matching.learned.from_accounts import AccountModel
from matchmaker.matching.learned.from_links import LinkModel
from matchmaker.matching.learned.history import Floats, Ints

if TYPE_CHECKING:
    from matchmaker.matching.space import Side, Space

KINDS: dict[str, type[LinkModel | AccountModel]] = {"links": LinkModel, "accounts": AccountModel}


@dataclass(frozen=True)
class Judged:
    """p pairs as history sees them, every array (p,) unless told.

    odds, back: log-odds one way and the other; order: relevance in nats among the pairs of the same asking partner; chance: in
    (0, 1), of being observed, NaN where it says no more than a base rate; yours, theirs: the same from one side alone;
    parts: (2, p, features), what the log-odds of both ways add up from; names: (features,); source: links or accounts.
    """

    odds: Floats
    back: Floats
    order: Floats
    chance: Floats
    yours: Floats
    theirs: Floats
    parts: Floats
    names: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Learned:
    """A model with its calibration. facts: what a manifest says of it (docs/bundles.md)."""

    model: LinkModel | AccountModel
    calibration: Calibration
    facts: dict[str, Any]

    def judge(self, said: Floats, asks: Ints, others: Ints, popularity_weight: float = 0.5) -> Judged:
        """Pairs asks[r], others[r] of the model's rows; said: (p, .) of texts.py, of the space that the model is told."""
        model = self.model
        features = model.features(said, asks, others)
        turned = model.turned(features, asks)
        parts = np.stack((model.parts(features, asks, others), model.parts(turned, others, asks)))
        odds, back = parts.sum(axis=2)
        ways = Ways(odds, model.kind(asks, others), back, model.kind(others, asks))
        shown = self.facts["chance_shown"]
        hidden = ~np.where(ways.new, shown["cold"], shown["warm"])
        chances = (self.calibration.together(ways), self.calibration.yours(ways), self.calibration.theirs(ways))
        chance, yours, theirs = (np.where(hidden, np.nan, one) for one in chances)
        return Judged(
            odds=odds,
            back=back,
            order=model.order(odds, asks, others, popularity_weight),
            chance=chance,
            yours=yours,
            theirs=theirs,
            parts=parts,
            names=model.names,
            source=self.facts["from"],
        )

    def silent(self, asks: Ints, others: Ints) -> Floats:
        """(p,) the order of pairs whose texts say what those of all pairs say on average."""
        model = self.model
        said = np.broadcast_to(model.mean_said, (len(asks), len(model.mean_said)))
        return model.order(model.odds(model.features(said, asks, others), asks, others), asks, others)

    def followed_by(self, space: Space, rows: Ints) -> Learned:
        """The same with the partners at `rows` (m,) of a space as newcomers, behind those it was learned from."""
        vectors, facts = texts.profile_vectors(space)[rows], self.model.facts.of_space(space)[rows]
        return replace(self, model=self.model.followed_by(vectors, facts))

    def with_side(self, side: Side) -> Learned:
        """The same with one more newcomer, who is not stored."""
        vector = np.asarray(side.topic, dtype=np.float64)[None]
        return replace(self, model=self.model.followed_by(vector, self.model.facts.of_side(side)))

    @cached_property
    def count(self) -> int:
        """Rows of the model."""
        return len(self.model.stratum)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What `from_arrays` makes the same of, beside the space."""
        return {**self.model.arrays(), **self.calibration.arrays()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], space: Space, facts: dict[str, Any]) -> Learned:
        """What these arrays and the facts of a manifest say, of the partners of this space. Raises KeyError for an unknown kind."""
        model = KINDS[facts["from"]].from_arrays(arrays, space)
        return cls(model, Calibration.from_arrays(dict(arrays)), facts)
