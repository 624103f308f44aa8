"""What may be asked for beyond the defaults, and within which limits: examples of whom one likes, weights of one's own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from matchmaker.config import PriorWeights
from matchmaker.errors import SettingsError
from matchmaker.matching.evidence import DIGITS
from matchmaker.matching.fit_type import FIT_TYPES
from matchmaker.matching.prior import WEIGHED
from matchmaker.matching.ragged import Ints
from matchmaker.matching.scorer import reweighed
from matchmaker.matching.space import Side
from matchmaker.profiles.facets import content_key

if TYPE_CHECKING:
    from matchmaker.config import Config
    from matchmaker.fitted import Fitted
    from matchmaker.profiles.schema import Partner
    from matchmaker.results import Match

Floats = NDArray[np.float64]
Weights = PriorWeights | Mapping[str, float]
MOTIONS = ("technology", "strategic", "integrate", "co-market", "co-sell", "refer")
EXAMPLE_NATS = 4.0
"""Relevance that the twin of a liked example gains: from the middle of a scale (0.7 nats) to its best hundredth (4.6)."""


@dataclass(frozen=True)
class Examples:
    """Rows of partners whose likes are wanted, and of those whose likes are not."""

    like: Ints
    unlike: Ints

    @classmethod
    def of(cls, fitted: Fitted, like: Sequence[str], unlike: Sequence[str]) -> Examples:
        """Examples by id or exact name. Raises UnknownPartnerError, and SettingsError for a partner that is both."""
        found = cls(_rows(fitted, like), _rows(fitted, unlike))
        if len(both := np.intersect1d(found.like, found.unlike)):
            raise SettingsError(f"{fitted.space.ids[both[0]]!r} cannot be an example of both: like it or unlike it.")
        return found

    @property
    def rows(self) -> Ints:
        """All of them."""
        return np.concatenate((self.like, self.unlike))

    def scores(self, topic: NDArray[np.float32], rows: Ints) -> Floats:
        """`best_score` of the partners at `rows` (k,), topic being the (n, d) whole profiles."""
        return np.round(best_score(topic.take(rows, axis=0), topic[self.like], topic[self.unlike]), DIGITS)

    def told(self, matches: Sequence[Match], scores: Sequence[float]) -> list[Match]:
        """The matches with their example scores; as they are where there are no examples."""
        if not len(self.rows):
            return list(matches)
        return [replace(match, example_score=float(score)) for match, score in zip(matches, scores, strict=True)]


def best_score(vectors: NDArray[np.float32], like: NDArray[np.float32], unlike: NDArray[np.float32]) -> Floats:
    """How near whole profiles (n, d) are to liked ones (p, d) and away from unliked ones (q, d), in [-1, 1].

    max cosine to a liked p, 0 without any; where some unliked n is nearer than that, -(cos(n) squared) instead, so that partners
    on the wrong side stand below all others (the best-score rule known from vector databases).
    """
    near = vectors.dot(like.T).max(axis=1) if len(like) else np.zeros(len(vectors))
    far = vectors.dot(unlike.T).max(axis=1) if len(unlike) else np.full(len(vectors), -1.0)
    return np.where(near >= far, near, -np.square(far)).astype(np.float64) + 0.0


def own_weights(config: Config, side: Side, weights: Weights | None) -> PriorWeights | None:
    """The weights of the asking side, None without any; what a mapping leaves out is as configured. Raises SettingsError."""
    if weights is None:
        return None
    stated = weights.model_dump() if isinstance(weights, PriorWeights) else dict(weights)
    if unknown := [name for name in stated if name not in WEIGHED]:
        raise SettingsError(f"There is no weight {unknown[0]!r}. Weights: {', '.join(WEIGHED)}.")
    try:
        found = PriorWeights.model_validate({**_configured(config, side).model_dump(), **stated})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "weights"
        raise SettingsError(f"{where}: {first['msg']}. A weight is a number from 0; not all are 0.") from None
    if endless := [name for name, value in found.model_dump().items() if not math.isfinite(value)]:
        raise SettingsError(f"{endless[0]}: a weight is a finite number from 0.")
    return found


def weighed(
    fitted: Fitted, side: Side, partner: str | Partner, weights: PriorWeights | None
) -> tuple[Side, Floats | None]:
    """The side that is `partner` with its totals on a scale of these weights, and the weights as an array (len(WEIGHED),).

    Where they are the configured ones, or None, the side as it is, and None.
    """
    if weights is None or weights.model_dump() == _configured(fitted.config, side).model_dump():
        return side, None
    plain = np.array([getattr(weights, kind) for kind in WEIGHED])
    stated = fitted.profiles.partner(fitted.row(partner)) if isinstance(partner, str) else partner
    return reweighed(fitted.space, side, plain, fitted.reference_contents == content_key(stated)), plain


def check(
    *,
    k: int,
    fit_type: str | None = None,
    motion: str | None = None,
    popularity_weight: float = 0.5,
    diversity: float = 0.0,
) -> None:
    """Raise SettingsError for what is out of range."""
    if not 1 <= k <= 10_000:
        raise SettingsError(f"k must be between 1 and 10,000, not {k}.")
    for name, value in (("popularity_weight", popularity_weight), ("diversity", diversity)):
        if not 0.0 <= value <= 1.0:
            raise SettingsError(f"{name} must lie between 0 and 1, not {value}.")
    if fit_type is not None and fit_type not in FIT_TYPES:
        raise SettingsError(f"fit_type must be one of {', '.join(FIT_TYPES)}, not {fit_type!r}.")
    if motion is not None and motion not in MOTIONS:
        raise SettingsError(f"motion must be one of {', '.join(MOTIONS)}, not {motion!r}.")


def _configured(config: Config, side: Side) -> PriorWeights:
    return config.weights if len(side.goals.vectors) else config.goalless_weights


def _rows(fitted: Fitted, partners: Sequence[str]) -> Ints:
    named = [partners] if isinstance(partners, str) else partners
    return np.array([fitted.row(partner) for partner in named], dtype=np.int64)
