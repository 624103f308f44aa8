"""Rolling origins: fit on what was known on a day, ask who meets by the horizon, read what came true. Nothing later is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matchmaker.progress import Silent
from matchmaker.trajectories import distance
from matchmaker.trajectories.field import YEAR, Field, Floats, Ints, Singles, Snapshots
from matchmaker.trajectories.lines import FEWEST, Lines, at_horizon, fit_lines
from matchmaker.trajectories.motion import usual_radius
from matchmaker.trajectories.placebo import REVERSED, SHUFFLED, rearranged
from matchmaker.trajectories.proof import Asked, Proof, prove

if TYPE_CHECKING:
    from matchmaker.profiles.schema import Relation
    from matchmaker.progress import Progress

OURS = "motion + distance + degree"
CHANCE = "motion: chance within the radius"
CURRENT, SMOOTHED, DEGREE = "current distance", "smoothed distance", "degree"
REGRESSION, EDGE_BANK, NOTHING = "current distance + degree", "EdgeBank", "nothing changes"
BASELINES = (CURRENT, SMOOTHED, DEGREE, REGRESSION, EDGE_BANK, NOTHING)
PLACEBOS = tuple(f"placebo: {order}" for order in (SHUFFLED, REVERSED))
PARTNERS = 400
"""Partners drawn at most: their pairs are all asked."""
LINKS = frozenset({"partnership", "integration"})


class Links(NamedTuple):
    """Which pairs (n, n) bool have what is asked: at the origin, ever until then even if no longer, and at the horizon."""

    now: NDArray[np.bool_]
    ever: NDArray[np.bool_]
    after: NDArray[np.bool_]


@dataclass(frozen=True)
class Event:
    """What may come true for a pair. name: for people; independent: whether it is dated apart from the texts; links: of an origin
    and the horizon after it, of which only `after` may know anything later than the origin.
    """

    name: str
    independent: bool
    links: Callable[[np.datetime64, np.datetime64], Links]


def origins_of(dates: NDArray[np.datetime64], years: float, *, fewest: int = FEWEST) -> list[np.datetime64]:
    """Dates that have `fewest` snapshots up to them and a horizon of snapshots after them, a horizon apart, the latest last."""
    span = np.timedelta64(round(years * YEAR), "D")
    slack = span // 8  # quarters are no equal parts of a year
    found: list[np.datetime64] = []
    limit = dates[-1] - span + slack
    for place in range(len(dates) - 1, fewest - 2, -1):
        if dates[place] <= limit:
            found.append(dates[place])
            limit = dates[place] - span + slack
    return found[::-1]


def backtest(
    facets: Mapping[str, Snapshots],
    event: Event,
    *,
    years: float = 1.0,
    origins: Sequence[np.datetime64] | None = None,
    partners: int = PARTNERS,
    draws: int = 1000,
    rng: int = 0,
    progress: Progress | None = None,
) -> Proof:
    """Ask `event` of all pairs of at most `partners` drawn partners that do not have it yet, at every origin, and judge.

    Ours and the regression baseline are logistic regressions learned from earlier origins alone; at the first one ours is
    the chance itself, and the baseline the sum of its parts, standardised. Raises SettingsError where no origin can be asked.
    """
    first = next(iter(facets.values()))
    chosen = origins_of(first.dates, years) if origins is None else list(origins)
    drawn = np.sort(np.random.default_rng(rng).permutation(len(first.codes))[:partners])
    asked: list[Asked] = []
    learned: dict[str, list[tuple[Floats, NDArray[np.bool_]]]] = {}
    shown = progress or Silent()
    shown.start("Backtest", len(chosen) + 1)
    for origin in chosen:
        seen = _Seen.at(facets, origin, years, rng)
        one = _ask(seen, event, origin, years, drawn, learned)
        if one is not None:
            asked.append(one)
        shown.advance()
    proof = prove(
        asked,
        ours=OURS,
        baselines=BASELINES,
        placebos=PLACEBOS,
        event=event.name,
        independent=event.independent,
        years=years,
        draws=draws,
        rng=rng,
    )
    shown.advance()
    shown.done()
    return proof


@dataclass(frozen=True)
class _Facet:
    """One facet as known at an origin: what was seen, and the lines of it in the true order and in the others."""

    tracks: Singles
    lines: Mapping[str, Lines]
    radius: float


@dataclass(frozen=True)
class _Seen:
    """All facets as known at an origin; there: (n,) bool, who was seen in any facet at the last date but one or later."""

    facets: tuple[_Facet, ...]
    there: NDArray[np.bool_]

    @classmethod
    def at(cls, facets: Mapping[str, Snapshots], origin: np.datetime64, years: float, rng: int) -> _Seen:
        found, there = [], np.zeros(len(next(iter(facets.values())).codes), dtype=bool)
        for snapshots in facets.values():
            past = snapshots.until(origin)
            there |= past.present[:, -2:].any(axis=1)
            tracks = Field.fit(past).tracks(past)
            lines = {"": fit_lines(tracks, past.years)}
            lines |= {order: fit_lines(rearranged(tracks, order, rng), past.years) for order in (SHUFFLED, REVERSED)}
            found.append(_Facet(tracks, lines, usual_radius(lines[""])))
        return cls(tuple(found), there)

    def chance(self, left: Ints, right: Ints, years: float, order: str = "") -> Floats:
        """Largest chance over the facets of standing within the radius at the horizon."""
        parts = [
            distance.probability_within(at_horizon(one.lines[order], left, right, years), one.radius)
            for one in self.facets
        ]
        return np.asarray(np.max(parts, axis=0))

    def smoothed(self, left: Ints, right: Ints, order: str = "") -> Floats:
        """Smallest distance over the facets of where the lines stand now, in radii."""
        parts = [
            np.linalg.norm(one.lines[order].position[left] - one.lines[order].position[right], axis=1)
            / max(one.radius, 1e-9)
            for one in self.facets
        ]
        return np.asarray(np.min(parts, axis=0), dtype=np.float64)

    def current(self, left: Ints, right: Ints) -> Floats:
        """The same of the last snapshots as they were seen."""
        parts = []
        for one in self.facets:
            last = _last(one.tracks)
            parts.append(np.linalg.norm(last[left] - last[right], axis=1) / max(one.radius, 1e-9))
        return np.asarray(np.min(parts, axis=0), dtype=np.float64)


def _ask(
    seen: _Seen,
    event: Event,
    origin: np.datetime64,
    years: float,
    drawn: Ints,
    learned: dict[str, list[tuple[Floats, NDArray[np.bool_]]]],
) -> Asked | None:
    """Scores and outcome of one origin; what the regressions may learn from it is added to `learned`."""
    known, ever, after = event.links(origin, origin + np.timedelta64(round(years * YEAR), "D"))
    rows = drawn[seen.there[drawn]]
    left, right = (rows[side] for side in np.triu_indices(len(rows), 1))
    open_ = ~known[left, right]
    left, right = left[open_], right[open_]
    if not len(left):
        return None
    came_true = after[left, right]
    degree = np.log1p(np.asarray(known.sum(axis=1), dtype=np.float64))
    fame = degree[left] + degree[right]
    current = seen.current(left, right)
    chances = {order: seen.chance(left, right, years, order) for order in ("", SHUFFLED, REVERSED)}
    scores = {
        CHANCE: chances[""],
        CURRENT: -current,
        SMOOTHED: -seen.smoothed(left, right),
        DEGREE: fame,
        EDGE_BANK: ever[left, right].astype(np.float64),
        NOTHING: np.zeros(len(left)),
    }
    features = {REGRESSION: np.stack([-np.log1p(current), fame], axis=1)}
    for name, order in zip((OURS, *PLACEBOS), ("", SHUFFLED, REVERSED), strict=True):
        near = -np.log1p(seen.smoothed(left, right, order))
        features[name] = np.stack([_log_odds(chances[order]), near, fame], axis=1)
    learns = any(outcome.any() for _, outcome in learned.get(OURS, []))
    for name, table in features.items():
        fallback = chances.get({OURS: "", PLACEBOS[0]: SHUFFLED, PLACEBOS[1]: REVERSED}.get(name, "?"))
        scores[name] = regressed(learned.get(name, []), table, fallback)
        learned.setdefault(name, []).append((table, came_true))
    return Asked(str(origin), (left, right), came_true, scores, scores[OURS] if learns else None)


def regressed(past: Sequence[tuple[Floats, NDArray[np.bool_]]], table: Floats, fallback: Floats | None) -> Floats:
    """Probability by a logistic regression on the pairs of earlier origins; without events there the fallback, or a plain sum."""
    labels = np.concatenate([came_true for _, came_true in past]) if past else np.zeros(0, dtype=bool)
    if labels.all() or not labels.any():
        spread = table.std(axis=0)
        return (
            fallback
            if fallback is not None
            else ((table - table.mean(axis=0)) / np.where(spread > 0, spread, 1.0)).sum(axis=1)
        )
    from sklearn.linear_model import LogisticRegression

    known = np.concatenate([one for one, _ in past])
    middle, spread = known.mean(axis=0), known.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    model = LogisticRegression(C=1.0, max_iter=200).fit((known - middle) / spread, labels)
    return np.asarray(model.predict_proba((table - middle) / spread)[:, 1])


def _log_odds(chance: Floats) -> Floats:
    kept = np.clip(chance, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(kept / (1 - kept)))


def _last(tracks: Singles) -> Singles:
    """(n, k) where each partner was seen last, the middle of all for who never was."""
    there = ~np.isnan(tracks[:, :, 0])
    place = there.shape[1] - 1 - there[:, ::-1].argmax(axis=1)
    found = tracks[np.arange(len(tracks)), place]
    known: NDArray[np.bool_] = np.asarray(there.any(axis=1), dtype=bool)
    return np.asarray(np.where(known[:, None], found, np.float32(0.0)), dtype=np.float32)


def relation_event(relations: Sequence[Relation], ids: Sequence[str]) -> Event:
    """New partnerships and integrations between partners `ids`, by the day on which they were announced, started or observed.

    A relation without any day is known from the beginning: it is never asked.
    """
    rows = _dated(relations, ids)

    def by(day: np.datetime64, *, still: bool) -> NDArray[np.bool_]:
        found = np.zeros((len(ids), len(ids)), dtype=bool)
        for a, b, begun, over in rows:
            if begun <= day and (not still or over > day):
                found[a, b] = found[b, a] = True
        return found

    def links(origin: np.datetime64, horizon: np.datetime64) -> Links:
        return Links(by(origin, still=True), by(origin, still=False), by(horizon, still=True))

    return Event("a new partnership or integration", True, links)


def begun_between(relations: Sequence[Relation], ids: Sequence[str], after: np.datetime64, until: np.datetime64) -> int:
    """Pairs of partners `ids` with a partnership or integration that began after a day and up to another one: at most so many
    events can come true.
    """
    return len({(min(a, b), max(a, b)) for a, b, begun, _ in _dated(relations, ids) if after < begun <= until})


def _dated(relations: Sequence[Relation], ids: Sequence[str]) -> list[tuple[int, int, np.datetime64, np.datetime64]]:
    """The two partners, first day and last day of each partnership or integration; one without a day was always there."""
    row_of = {name: row for row, name in enumerate(ids)}
    rows = []
    for one in relations:
        if one.type in LINKS and one.status != "declined" and one.a in row_of and one.b in row_of:
            days = [day for day in (one.announced_on, one.started_on, one.observed_at) if day]
            begun = np.datetime64(min(days)) if days else np.datetime64("0001-01-01")
            over = np.datetime64(one.ended_on) if one.ended_on else np.datetime64("9999-12-31")
            rows.append((row_of[one.a], row_of[one.b], begun, over))
    return rows


def nearness_event(facet: str, snapshots: Snapshots) -> Event:
    """Standing within the radius in a facet, as seen at the date nearest to the horizon; axes and radius are those of the origin.

    It is read from the same texts as the motion, so it can prove nothing of partnerships.
    """

    def links(origin: np.datetime64, horizon: np.datetime64) -> Links:
        past = snapshots.until(origin)
        field = Field.fit(past)
        radius = usual_radius(fit_lines(field.tracks(past), past.years))
        # The drift of what came later is part of the outcome, not of the question.
        seen = replace(Field.fit(snapshots), axes=field.axes).tracks(snapshots)
        begun = len(past.dates)
        end = int(np.abs((snapshots.dates - horizon).astype(np.int64)).argmin())
        near = [_near(seen[:, place], radius) for place in (*range(begun), end)]
        return Links(near[begun - 1], np.asarray(np.logical_or.reduce(near[:begun])), near[-1])

    return Event(f"standing within the radius in {facet}, as seen", False, links)


def _near(stand: Singles, radius: float) -> NDArray[np.bool_]:
    """(n, n) bool, pairs within the radius; NaN rows are near nobody."""
    square = np.square(stand).sum(axis=1)
    gap = square[:, None] + square[None, :] - 2.0 * stand @ stand.T
    near = np.asarray(gap < radius**2, dtype=bool)
    np.fill_diagonal(near, False)
    return near
