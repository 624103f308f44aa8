"""A partner's orbit as a picture: its track and those of others in a plane, what lies ahead with its doubt, where they meet."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from matchmaker.trajectories.course import CONVERGING, meeting_time
from matchmaker.trajectories.field import YEAR, Floats
from matchmaker.trajectories.lines import meeting_point
from matchmaker.trajectories.pair import Collision, PairMotion, iso

if TYPE_CHECKING:
    from matchmaker.trajectories.motion import FacetMotion, Motion

STEPS = 4
"""Points ahead, the last at the horizon."""
_WIDE = math.sqrt(-2.0 * math.log(0.2))
"""Half axis of the ellipse that holds 80 % of a plane normal distribution, in deviations."""


@dataclass(frozen=True)
class Point:
    """Where a partner stands or will stand on a day."""

    date: dt.date
    x: float
    y: float


@dataclass(frozen=True)
class Cone(Point):
    """A point ahead with the ellipse that holds 80 %: half axes, and the angle of the longer one in degrees from the x axis."""

    major: float
    minor: float
    angle: float


@dataclass(frozen=True)
class Track:
    """One partner. row: its row; seen: as it was seen; line: where its line runs through the dates; ahead: from the last
    snapshot to the horizon, the first being now; verdict, chance: of its course with the orbit's partner, None for that itself.
    """

    row: int
    seen: tuple[Point, ...]
    line: tuple[Point, ...]
    ahead: tuple[Cone, ...]
    verdict: str | None
    chance: float | None


@dataclass(frozen=True)
class Meeting(Point):
    """Where the orbit's partner and another are about to meet: at the closest approach, the horizon at the latest."""

    row: int
    name: str | None


@dataclass(frozen=True)
class Orbit:
    """A picture of one facet. tracks: the partner first, then the likeliest collisions, then the nearest; shown: share of the
    squared distances that the plane keeps, in [0, 1]: what is near in it is near in truth only as far as this goes.
    """

    row: int
    facet: str
    dates: tuple[dt.date, ...]
    until: dt.date
    radius: float
    shown: float
    tracks: tuple[Track, ...]
    meetings: tuple[Meeting, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        found: dict[str, Any] = iso(asdict(self))
        return found


def orbit_of(motion: Motion, row: int, k: int, *, years: float, facet: str | None) -> Orbit:
    """`Motion.orbit`."""
    collisions = motion.collisions(row, k, years=years)
    name = facet or (collisions[0].facet if collisions else next(iter(motion.facets)))
    one = motion.facets[name]
    met = [c for c in collisions if c.pair.courses[name].verdict == CONVERGING]
    others = _others(one, row, k, met)
    pairs = {other: motion.of_pair(row, other, years=years) for other in others}
    plane, shown = _plane(one, row, others, years)
    origin = one.lines.position[row].astype(np.float64)
    tracks = [_track(motion, one, row, None, plane, origin, years, name)]
    tracks += [_track(motion, one, other, pair, plane, origin, years, name) for other, pair in pairs.items()]
    meetings = tuple(_meeting(one, pairs[c.pair.b], plane, origin, name) for c in met if c.pair.b in pairs)
    until = motion.last + dt.timedelta(days=years * YEAR)
    return Orbit(row, name, tuple(motion.days), until, one.radius, shown, tuple(tracks), meetings)


def _others(one: FacetMotion, row: int, k: int, collisions: list[Collision]) -> list[int]:
    first = [collision.pair.b for collision in collisions]
    gaps = one.gaps(one.lines.position[row])
    gaps[[row, *first]] = np.inf
    near = np.argsort(gaps, kind="stable")[: max(k - len(first), 0)]
    return [*first, *(int(other) for other in near if np.isfinite(gaps[other]))][:k]


def _plane(one: FacetMotion, row: int, others: list[int], years: float) -> tuple[Floats, float]:
    """(2, k) orthonormal rows that keep most of the distances to the partner, now and at the horizon; x points where it heads."""
    ahead, _ = one.lines.at(years)
    rows = [row, *others]
    points = np.concatenate([one.lines.position[rows], ahead[rows]]).astype(np.float64) - one.lines.position[row]
    _, sizes, axes = np.linalg.svd(points, full_matrices=False)
    if len(axes) < 2:
        axes, sizes = np.concatenate([axes, np.zeros_like(axes)]), np.append(sizes, 0.0)
    plane = axes[:2]
    heading = plane @ one.lines.velocity[row]
    plane = plane * np.where(heading < 0, -1.0, 1.0)[:, None]
    return plane, float((sizes[:2] ** 2).sum() / max((sizes**2).sum(), 1e-12))


def _track(
    motion: Motion,
    one: FacetMotion,
    row: int,
    pair: PairMotion | None,
    plane: Floats,
    origin: Floats,
    years: float,
    facet: str,
) -> Track:
    seen = (one.tracks[row].astype(np.float64) - origin) @ plane.T
    there = np.isfinite(seen[:, 0])
    past = np.array([(day - motion.last).days / YEAR for day in motion.days])
    first = int(there.argmax())
    line = [_point(motion, one, row, time, plane, origin) for time in past[first:]] if there.any() else []
    steps = np.linspace(0.0, years, STEPS + 1)
    course = pair.courses[facet] if pair else None
    return Track(
        row,
        tuple(Point(day, *xy.tolist()) for day, xy, is_ in zip(motion.days, seen, there, strict=True) if is_),
        tuple(line),
        tuple(_cone(motion, one, row, float(time), plane, origin) for time in steps),
        course.verdict if course else None,
        course.within if course else None,
    )


def _point(motion: Motion, one: FacetMotion, row: int, time: float, plane: Floats, origin: Floats) -> Point:
    mean = one.lines.position[row].astype(np.float64) + time * one.lines.velocity[row]
    x, y = (plane @ (mean - origin)).tolist()
    return Point(motion.last + dt.timedelta(days=time * YEAR), x, y)


def _cone(motion: Motion, one: FacetMotion, row: int, time: float, plane: Floats, origin: Floats) -> Cone:
    lines = one.lines
    variance = lines.var_position[row] + 2 * time * lines.covariance[row] + time * time * lines.var_velocity[row]
    variance = variance + time * lines.wander[row] * lines.noise[row]
    values, vectors = np.linalg.eigh((plane * variance) @ plane.T)
    minor, major = (_WIDE * np.sqrt(np.maximum(values, 0.0))).tolist()
    point = _point(motion, one, row, time, plane, origin)
    return Cone(point.date, point.x, point.y, major, minor, math.degrees(math.atan2(vectors[1, 1], vectors[0, 1])))


def _meeting(one: FacetMotion, pair: PairMotion, plane: Floats, origin: Floats, facet: str) -> Meeting:
    when = meeting_time(pair.courses[facet], pair.years)
    x, y = (plane @ (meeting_point(one.lines, pair.a, pair.b, when) - origin)).tolist()
    place = pair.meets.get(facet)
    name = (place.text or place.label) if place else None
    return Meeting(pair.last + dt.timedelta(days=when * YEAR), x, y, pair.b, name)
