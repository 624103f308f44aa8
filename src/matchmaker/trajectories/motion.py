"""The motion of all partners: fitted once from dated snapshots, kept as plain arrays, asked for one partner or one pair."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import BundleVersionError, EncoderError, SettingsError
from matchmaker.trajectories.atlas import Atlas, Named
from matchmaker.trajectories.course import CONVERGING, Course, courses_of, meeting_time
from matchmaker.trajectories.field import AXES, YEAR, Dates, Field, Floats, Ints, Singles, Snapshots
from matchmaker.trajectories.kinds import kinds_of
from matchmaker.trajectories.lines import FEWEST, Lines, fit_lines, meeting_point
from matchmaker.trajectories.orbit import Orbit, orbit_of
from matchmaker.trajectories.packed import Packed
from matchmaker.trajectories.pair import Collision, PairMotion, moved
from matchmaker.trajectories.refused import Refused, arrays_of, refused_of

HORIZON = 1.0
"""Years ahead, where nothing else is asked."""
GONE = 1.0
"""Years without a snapshot after which a partner is taken to be gone."""
LEAST = 0.05
"""A collision less likely than this is not listed."""
NEAR = 0.01
"""Two have met when they are as near as the nearest hundredth of all pairs is at the last snapshot."""
_SAMPLE = 200_000
_HORIZONS = 4
_FORMAT = 1
_LINES = ("position", "velocity", "var_position", "covariance", "var_velocity", "noise", "seen", "wander")


@dataclass(frozen=True)
class FacetMotion:
    """One facet. axes: (k, d) and centre: (d,) of its space; tracks: (n, T, k) float16 where each partner was seen, NaN where
    it was not; radius: distance at which two have met; atlas: what is said where, or None.
    """

    axes: Singles
    centre: Singles
    lines: Lines
    tracks: NDArray[np.float16]
    radius: float
    atlas: Atlas | None = None

    @classmethod
    def fit(cls, snapshots: Snapshots, *, axes: int = AXES, radius: float | None = None) -> FacetMotion:
        """Fit drift, axes and lines on these snapshots alone; radius: by default as near as the nearest hundredth of pairs."""
        field = Field.fit(snapshots, axes)
        tracks = field.tracks(snapshots)
        lines = fit_lines(tracks, snapshots.years)
        reach = usual_radius(lines) if radius is None else radius
        return cls(
            field.axes.astype(np.float32),
            field.centre.astype(np.float32),
            lines,
            tracks.astype(np.float16),
            float(reach),
        )

    def project(self, vectors: NDArray[np.floating]) -> Singles:
        """(m, d) vectors as of the last date to (m, k)."""
        return np.asarray((vectors - self.centre) @ self.axes.T, dtype=np.float32)

    @cached_property
    def told(self) -> NDArray[np.bool_]:
        """(n,) bool, who was seen often enough for a course."""
        return np.asarray(self.lines.seen >= FEWEST)

    @cached_property
    def now(self) -> tuple[Singles, Singles, Singles, Singles, Singles]:
        """Position, velocity and the parts of their covariance, contiguous."""
        one = self.lines
        parts = (one.position, one.velocity, one.var_position, one.covariance, one.var_velocity)
        return cast("tuple[Singles, Singles, Singles, Singles, Singles]", tuple(map(np.ascontiguousarray, parts)))

    def gaps(self, point: Singles) -> Singles:
        """(n,) squared distance of where everybody stands from a point, less that of the point from the centre."""
        return np.asarray(self._lengths - 2.0 * (self.lines.position @ point), dtype=np.float32)

    @cached_property
    def _lengths(self) -> Singles:
        lengths: Singles = np.square(self.lines.position).sum(axis=1)
        lengths[self.lines.seen == 0] = np.inf
        return lengths


class _Ready(NamedTuple):
    """A facet with mean and variance (k, n) at a horizon, and (n,) who may be told a course."""

    facet: FacetMotion
    means: Singles
    variances: Singles
    told: NDArray[np.bool_]

    @classmethod
    def of(cls, facet: FacetMotion, years: float, lately: NDArray[np.bool_]) -> _Ready:
        mean, variance = facet.lines.at(years)
        return cls(facet, np.ascontiguousarray(mean.T), np.ascontiguousarray(variance.T), facet.told & lately)


def usual_radius(lines: Lines, *, near: float = NEAR, rng: int = 0) -> float:
    """Distance below which the share `near` of all pairs stand at the last date, by at most 200,000 drawn pairs."""
    there = np.flatnonzero(lines.seen > 0)
    if len(there) < 2:
        return 0.0
    draws = np.random.default_rng(rng)
    left, right = there[draws.integers(len(there), size=(2, _SAMPLE))]
    apart = np.linalg.norm(lines.position[left] - lines.position[right], axis=1)[left != right]
    # Texts that many share put many pairs at distance 0; a radius of 0 would be reached by nobody else.
    return float(max(np.quantile(apart, near), 0.05 * np.median(apart)))


@dataclass(frozen=True)
class Motion:
    """Partners by row: ids, the dates of the snapshots, what moved in each facet, the fingerprint of the encoder, and by id what
    was refused of a partner's snapshots, which may be of one that has no row.
    """

    ids: Packed
    dates: Dates
    facets: dict[str, FacetMotion]
    fingerprint: str = ""
    refused: Refused = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        facets: Mapping[str, Snapshots],
        ids: Sequence[str] | None = None,
        *,
        fingerprint: str = "",
        axes: int = AXES,
        radius: float | None = None,
    ) -> Motion:
        """Fit every facet; all of the same partners and dates. Raises SettingsError where they are not, or there is none."""
        if not facets:
            raise SettingsError("There is no facet to fit a motion of.")
        first = next(iter(facets.values()))
        count = len(first.codes)
        names = [str(row) for row in range(count)] if ids is None else list(ids)
        for name, one in facets.items():
            if one.codes.shape != (len(names), len(first.dates)) or not np.array_equal(one.dates, first.dates):
                raise SettingsError(f"Facet {name!r} is not of the same partners and dates as the others.")
        fitted = {name: FacetMotion.fit(one, axes=axes, radius=radius) for name, one in facets.items()}
        return cls(Packed.of(names), first.dates.astype("datetime64[D]"), fitted, fingerprint)

    def __len__(self) -> int:
        """Number of partners."""
        return len(self.ids)

    @property
    def last(self) -> dt.date:
        """Day of the last snapshot."""
        return cast("dt.date", self.dates[-1].astype("datetime64[D]").item())

    @cached_property
    def rows(self) -> dict[str, int]:
        """Row by id."""
        return {self.ids[row]: row for row in range(len(self))}

    def check(self, fingerprint: str) -> None:
        """Raise EncoderError where texts of another encoder are to be held against this motion."""
        if self.fingerprint and fingerprint != self.fingerprint:
            raise EncoderError(
                f"The motion was fitted with encoder {self.fingerprint[:12]}, and this is {fingerprint[:12]}: what differs between "
                "them would be read as motion. Fit the motion again, with all snapshots, or ask with the encoder of its build."
            )

    def of_pair(self, a: int, b: int, *, years: float = HORIZON) -> PairMotion:
        """How the partners of two rows move to one another in every facet. Raises SettingsError for what is out of range."""
        self._check(years, a, b)
        if a == b:
            raise SettingsError("A partner is on no course with itself: name two.")
        return self._pairs(a, np.array([b]), years)[0]

    def collisions(
        self, row: int, k: int = 10, *, years: float = HORIZON, least: float = LEAST, among: Ints | None = None
    ) -> tuple[Collision, ...]:
        """The partners that come within the radius in a facet by the horizon, likeliest first, of those who are not there yet.

        The chance of a partner is its largest over the facets in which the two converge; `least` is the smallest that is listed.
        among: rows that may be listed, by default all.
        """
        met = self.met(row, years=years, least=least, among=among)
        others, chances, facets = met[0][:k], met[1][:k], met[2][:k]
        names = list(self.facets)
        return tuple(
            Collision(rank, names[facet], chance, pair)
            for rank, (facet, chance, pair) in enumerate(
                zip(facets.tolist(), chances.tolist(), self._pairs(row, others, years), strict=True), start=1
            )
        )

    def met(
        self, row: int, *, years: float = HORIZON, least: float = LEAST, among: Ints | None = None
    ) -> tuple[Ints, Floats, Ints]:
        """All that `collisions` can list, without their courses: rows, chances and facet numbers, likeliest first."""
        self._check(years, row)
        ready = self._ready(years)
        if among is not None:
            asked = np.zeros(len(self), dtype=bool)
            asked[among] = True
            asked[row] = True
            ready = [one._replace(told=one.told & asked) for one in ready]
        return self._listed(row, len(self), ready, least)

    def best(
        self, k: int = 10, *, years: float = HORIZON, least: float = LEAST, threads: int | None = None
    ) -> tuple[Ints, Floats, Ints]:
        """`collisions` of every row at once, without the courses: (n, k) rows of partners, -1 where a list is not full, their
        chances, and the number of the facet of each.
        """
        from concurrent.futures import ThreadPoolExecutor

        self._check(years)
        n, ready = len(self), self._ready(years)
        partners, facets = np.full((n, k), -1, dtype=np.int64), np.full((n, k), -1, dtype=np.int64)
        chances = np.zeros((n, k))

        def fill(rows: Ints) -> None:
            for row in rows.tolist():
                others, likely, where = self._listed(row, k, ready, least)
                partners[row, : len(others)], chances[row, : len(others)] = others, likely
                facets[row, : len(others)] = where

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(fill, np.array_split(np.arange(n), max(1, n // 64))))
        return partners, chances, facets

    def orbit(self, row: int, k: int = 12, *, years: float = HORIZON, facet: str | None = None) -> Orbit:
        """The partner's track, those of the `k` likeliest collisions and nearest others, what lies ahead, and where they meet, in
        the plane that keeps most of their distances to it; facet: by default that of the likeliest collision.
        """
        self._check(years, row)
        if facet is not None and facet not in self.facets:
            raise SettingsError(f"There is no facet {facet!r}; the motion holds {', '.join(self.facets)}.")
        return orbit_of(self, row, k, years=years, facet=facet)

    def _ready(self, years: float) -> list[_Ready]:
        """Each facet with where everybody stands at the horizon, kept for the horizons asked last."""
        if years not in self._kept:
            for old in list(self._kept)[: max(0, len(self._kept) - _HORIZONS + 1)]:
                del self._kept[old]
            self._kept[years] = [_Ready.of(one, years, self.lately) for one in self.facets.values()]
        return self._kept[years]

    @cached_property
    def _kept(self) -> dict[float, list[_Ready]]:
        return {}

    def _listed(self, row: int, k: int, ready: list[_Ready], least: float) -> tuple[Ints, Floats, Ints]:
        """Rows, chances and facet numbers of one list."""
        from matchmaker.trajectories.compiled import meetings

        chances = np.zeros((len(ready), len(self)))
        for one, out in zip(ready, chances, strict=True):
            meetings(one.facet.now, one.means, one.variances, one.told, row, one.facet.radius, least, out)
        met = np.flatnonzero(chances.any(axis=0))
        best = chances[:, met].max(axis=0)
        order = np.argsort(-best, kind="stable")[:k]
        return met[order], best[order], chances[:, met[order]].argmax(axis=0)

    def _pairs(self, row: int, others: Ints, years: float) -> list[PairMotion]:
        """One partner with several others."""
        courses = {
            name: courses_of(one.lines, row, others, years=years, radius=one.radius, last=self.last)
            for name, one in self.facets.items()
        }
        return [
            self._pair(row, int(other), years, {name: found[place] for name, found in courses.items()})
            for place, other in enumerate(others)
        ]

    def _pair(self, a: int, b: int, years: float, courses: dict[str, Course]) -> PairMotion:
        met = [name for name, course in courses.items() if course.verdict == CONVERGING]
        named = {name: self._meeting(name, courses[name], a, b, years) for name in met}
        return PairMotion(
            a,
            b,
            years,
            self.last,
            courses,
            kinds_of(courses),
            {name: self._seen(one, a, b) for name, one in self.facets.items()},
            {name: place for name, place in named.items() if place is not None},
            {name: moved(self.facets[name].lines, a, b) for name in met},
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything as plain arrays, by name."""
        found: dict[str, NDArray[Any]] = {
            "format": np.array([_FORMAT]),
            "ids": self.ids.content,
            "id_offsets": self.ids.offsets,
            "days": self.dates.astype(np.int64),
            **arrays_of(self.refused),
        }
        for name, texts in (("facets", list(self.facets)), ("fingerprint", [self.fingerprint])):
            packed = Packed.of(texts)
            found[name], found[f"{name}_offsets"] = packed.content, packed.offsets
        for place, one in enumerate(self.facets.values()):
            parts: dict[str, NDArray[Any]] = {name: getattr(one.lines, name) for name in _LINES}
            parts |= {"axes": one.axes, "centre": one.centre, "tracks": one.tracks}
            parts |= {"radius": np.array([one.radius])}
            if one.atlas is not None:
                parts |= {f"atlas.{name}": array for name, array in one.atlas.arrays().items()}
            found |= {f"{place}.{name}": array for name, array in parts.items()}
        return found

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Motion:
        """What `arrays` gave; memory-mapped arrays stay where they are. Raises BundleVersionError for another format."""
        if "format" not in arrays or int(arrays["format"][0]) != _FORMAT:
            raise BundleVersionError("The motion in this bundle is of another format. Build the bundle again.")
        names = Packed(arrays["facets"], arrays["facets_offsets"])
        facets = {}
        for place in range(len(names)):
            own = {key.partition(".")[2]: array for key, array in arrays.items() if key.startswith(f"{place}.")}
            atlas = {key.partition(".")[2]: array for key, array in own.items() if key.startswith("atlas.")}
            facets[names[place]] = FacetMotion(
                own["axes"],
                own["centre"],
                Lines(**{name: own[name] for name in _LINES}),
                own["tracks"],
                float(own["radius"][0]),
                Atlas.from_arrays(atlas) if atlas else None,
            )
        fingerprint = Packed(arrays["fingerprint"], arrays["fingerprint_offsets"])[0]
        dates = np.asarray(arrays["days"]).astype("datetime64[D]")
        return cls(Packed(arrays["ids"], arrays["id_offsets"]), dates, facets, fingerprint, refused_of(arrays))

    def _check(self, years: float, *rows: int) -> None:
        if not 0 < years <= 10:
            raise SettingsError(f"The horizon must lie above 0 and be at most 10 years; it is {years:g}.")
        for row in rows:
            if not 0 <= row < len(self):
                raise SettingsError(f"There is no row {row}; the motion holds {len(self)} partners.")

    def _seen(self, one: FacetMotion, a: int, b: int) -> tuple[tuple[dt.date, float], ...]:
        """Distance at every date at which both were seen."""
        gap = np.linalg.norm(one.tracks[a].astype(np.float64) - one.tracks[b], axis=1)
        return tuple((day, apart) for day, apart in zip(self.days, gap.tolist(), strict=True) if apart == apart)

    @cached_property
    def lately(self) -> NDArray[np.bool_]:
        """(n,) bool, who was seen in any facet within a year of the last date: nobody is on a course with who is gone."""
        recent = self.dates > self.dates[-1] - np.timedelta64(round(GONE * YEAR), "D")
        seen = [~np.isnan(one.tracks[:, recent, 0]).all(axis=1) for one in self.facets.values()]
        return np.asarray(np.logical_or.reduce(seen), dtype=bool)

    @cached_property
    def days(self) -> list[dt.date]:
        """The dates as days."""
        return cast("list[dt.date]", self.dates.astype("datetime64[D]").tolist())

    def _meeting(self, name: str, course: Course, a: int, b: int, years: float) -> Named | None:
        one = self.facets[name]
        if one.atlas is None:
            return None
        point = meeting_point(one.lines, a, b, meeting_time(course, years)).astype(np.float32)
        return one.atlas.around(point, one.gaps(point), (a, b))
