"""What is told of two partners that move: courses, kind, evidence with dates, where they are about to meet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from matchmaker.trajectories.atlas import Named
from matchmaker.trajectories.course import CONVERGING, DIVERGING, INSUFFICIENT, PARALLEL, Course
from matchmaker.trajectories.field import YEAR
from matchmaker.trajectories.kinds import MEANS
from matchmaker.trajectories.lines import Lines

BASIS = "observed motion"
BOTH, FIRST, SECOND = "both", "first", "second"
_SHARE = 0.2
_ORDER = (CONVERGING, DIVERGING, PARALLEL, INSUFFICIENT)


@dataclass(frozen=True)
class PairMotion:
    """Two partners, by row. years: horizon; last: day of the last snapshot; courses: by facet; kinds: `kinds.kinds_of`; seen:
    by facet the distance at every date at which both were seen; meets: what is said around the meeting point of each facet that
    converges; moved: who of the two closes the distance there: both, first or second.
    """

    a: int
    b: int
    years: float
    last: dt.date
    courses: Mapping[str, Course]
    kinds: tuple[str, ...]
    seen: Mapping[str, tuple[tuple[dt.date, float], ...]]
    meets: Mapping[str, Named] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    basis: str = BASIS

    @property
    def verdict(self) -> str:
        """Converging where a facet converges, else diverging where one diverges, else parallel, else insufficient data."""
        found = {course.verdict for course in self.courses.values()}
        return next((one for one in _ORDER if one in found), INSUFFICIENT)

    @property
    def until(self) -> dt.date:
        """Day of the horizon."""
        return self.last + dt.timedelta(days=self.years * YEAR)

    def sentences(self, name_a: str, name_b: str) -> tuple[str, ...]:
        """The evidence of each facet for people: distances with dates, what is ahead with its interval, where they meet."""
        return tuple(self._sentence(facet, course, name_a, name_b) for facet, course in self.courses.items())

    def meaning(self) -> tuple[str, ...]:
        """What each kind means."""
        return tuple(f"{kind}: {MEANS[kind]}" for kind in self.kinds)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON; dates in ISO form."""
        plain = asdict(self)
        plain["seen"] = {
            name: [{"date": day, "distance": gap} for day, gap in rows] for name, rows in self.seen.items()
        }
        found: dict[str, Any] = iso({**plain, "verdict": self.verdict, "until": self.until, "means": self.meaning()})
        return found

    def _sentence(self, facet: str, course: Course, name_a: str, name_b: str) -> str:
        said = f"{facet}: {course.verdict}, {course.reason}"
        rows = self.seen.get(facet, ())
        if len(rows) > 1:
            said += f"; seen {rows[0][1]:.2f} apart on {rows[0][0]}, {rows[-1][1]:.2f} on {rows[-1][0]}"
        if course.then is not None:
            then = course.then
            said += f"; likely {then.value:.2f} ({then.low:.2f} to {then.high:.2f}) on {self.until}"
        if course.approach is not None and 0.0 < course.approach.years.value < self.years:
            said += f", nearest about {course.approach.date}"
        if (place := self.meets.get(facet)) and (name := place.text or place.label):
            who = {BOTH: "both moved", FIRST: f"{name_a} moved", SECOND: f"{name_b} moved"}[self.moved[facet]]
            said += f"; {who} toward “{name}”" + (f" ({place.label})" if place.label and place.text else "")
        return said


@dataclass(frozen=True)
class Collision:
    """One place of a list. facet: the one in which they are likeliest to meet; chance: of standing within its radius then."""

    rank: int
    facet: str
    chance: float
    pair: PairMotion

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {"rank": self.rank, "facet": self.facet, "chance": self.chance, **self.pair.to_dict()}


def moved(lines: Lines, a: int, b: int) -> str:
    """Who closes the distance: both where each has a fifth of the closing speed at least, else the one that has the most."""
    gap = np.subtract(lines.position[a], lines.position[b], dtype=np.float64)
    own = -float(gap @ lines.velocity[a]), float(gap @ lines.velocity[b])
    if min(own) >= _SHARE * sum(own):
        return BOTH
    return FIRST if own[0] > own[1] else SECOND


def iso(value: Any) -> Any:  # noqa: ANN401 - any plain data
    """Plain data with its dates in ISO form."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: iso(one) for key, one in value.items()}
    return [iso(one) for one in value] if isinstance(value, (list, tuple)) else value
