"""Cloud landscape, 2018 to 2022: who comes to share a product segment within a year, at rolling origins.

The pairs asked and what counts as true are those of `benchmarks.quality.cloud_landscape`. Everything is fitted on months up to the
origin; steps that span the bulk import of July 2019 are left out, since dates of joining are given for one entry in fifty only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.quality.cloud_landscape import NOT_PRODUCT_CATEGORIES, NOT_PRODUCTS, WINDOWS, incidence
from benchmarks.quality.text import encode
from matchmaker.evaluation import baselines
from matchmaker.trajectories.backtest import regressed
from matchmaker.trajectories.distance import probability_within
from matchmaker.trajectories.entering import Entering, Labelled, shared_entries
from matchmaker.trajectories.field import Field, Snapshots
from matchmaker.trajectories.lines import Lines, at_horizon, fit_lines
from matchmaker.trajectories.motion import usual_radius
from matchmaker.trajectories.placebo import REVERSED, SHUFFLED, rearranged
from matchmaker.trajectories.proof import Asked, Proof, prove
from matchmaker.trajectories.shares import hellinger

if TYPE_CHECKING:
    import pandas as pd

IMPORT = "2019-07"
AFTER_IMPORT = "2019-09"
STEP = 3
OURS = "ours: entering segments"
TEXTS, SEGMENTS = "motion of texts, 16 axes", "motion of segments, Hellinger"
BREADTH_TEXT, LEARNED = "breadth + text", "breadth + text, learned"
BASELINES = (
    "current distance",
    "smoothed distance",
    "degree",
    "current distance + degree",
    "EdgeBank",
    "nothing changes",
    "breadth (all segments)",
    BREADTH_TEXT,
    LEARNED,
)
PLACEBOS = tuple(f"placebo: {order}" for order in (SHUFFLED, REVERSED))


@dataclass
class Landscape:
    """All months. held: (months, companies, segments) bool; breadth: (months, companies) labels of any kind."""

    months: list[str]
    companies: list[str]
    held: np.ndarray
    breadth: np.ndarray
    items: pd.DataFrame
    encoder: str
    vectors: dict[int, np.ndarray] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path, encoder: str) -> Landscape:
        """Read the two tables."""
        import pandas as pd

        positions = pd.read_parquet(folder / "positions_monthly.parquet")
        snapshots = pd.read_parquet(folder / "snapshots.parquet")
        months, companies = sorted(set(positions["month"])), pd.Index(sorted(set(positions["company"])))
        products = positions[~positions["seg"].str.startswith(NOT_PRODUCTS)]
        segments, every = pd.Index(sorted(set(products["seg"]))), pd.Index(sorted(set(positions["seg"])))
        held = [incidence(products[products["month"] == month], companies, segments) > 0 for month in months]
        breadth = [incidence(positions[positions["month"] == month], companies, every).sum(axis=1) for month in months]
        items = snapshots[~snapshots["category"].isin(NOT_PRODUCT_CATEGORIES)]
        return cls(months, list(companies), np.stack(held), np.stack(breadth), items, encoder)

    def at(self, month: int) -> np.ndarray:
        """(companies, d) text vectors of a month, of the last quarterly snapshot up to it; zeros without a product."""
        if month not in self.vectors:
            quarter = max(one for one in set(self.items["month"]) if one <= self.months[month])
            items = self.items[self.items["month"] == quarter]
            texts = (items["name"] + ": " + items["description"].fillna("")).groupby(items["company"]).agg(". ".join)
            rows = np.flatnonzero(self.held[month].any(axis=1))
            said = [f"{self.companies[row].replace('-', ' ')}. {texts.get(self.companies[row], '')}" for row in rows]
            found = encode(said, self.encoder)
            if found is None:
                raise SystemExit("The cloud landscape needs a text encoder.")
            table = np.zeros((len(self.companies), found.shape[1]), dtype=np.float32)
            table[rows] = found
            self.vectors[month] = table
        return self.vectors[month]

    def labelled(self, month: int, rows: np.ndarray) -> Labelled:
        """Companies of `rows` in a month."""
        return Labelled(self.held[month][rows], self.breadth[month][rows], self.at(month)[rows])

    def quarters(self, until: int) -> list[int]:
        """Months of the snapshots up to one, on either side of the bulk import."""
        return [month for month in range(0, until + 1, STEP) if not IMPORT <= self.months[month] < AFTER_IMPORT]

    def steps(self, until: int) -> list[tuple[int, int]]:
        """Pairs of neighbouring quarters up to a month that do not span the import."""
        months = self.quarters(until)
        split = self.months.index(IMPORT)
        return [(a, b) for a, b in pairwise(months) if not a < split <= b]


def proof(folder: Path, encoder: str, draws: int) -> Proof:
    """Ask every window, and judge. EdgeBank knows the pairs that shared a segment in an earlier month."""
    land = Landscape.read(folder, encoder)
    past: dict[str, list] = {}
    asked = [_ask(land, start, end, past) for start, end in WINDOWS]
    return prove(
        asked,
        ours=OURS,
        baselines=BASELINES,
        placebos=PLACEBOS,
        event="cloud_landscape: comes to share a product segment",
        independent=False,
        years=1.0,
        draws=draws,
    )


def _ask(land: Landscape, start: str, end: str, past: dict[str, list]) -> Asked:
    now, then = land.months.index(start), land.months.index(end)
    rows = np.flatnonzero(land.held[now].any(axis=1))
    held = land.held[now][rows].astype(float)
    left, right = np.triu_indices(len(rows), 1)
    known = held @ held.T > 0
    left, right = left[~known[left, right]], right[~known[left, right]]
    after = land.held[then][rows].astype(float)
    came_true = (after @ after.T > 0)[left, right]
    text = baselines.cosine(land.at(now)[rows])(np.arange(len(rows)))[left, right]
    breadth = land.breadth[now][rows]
    wide, degree = breadth[left] + breadth[right], np.log1p(known.sum(axis=1) - 1.0)
    fame = degree[left] + degree[right]
    quarters, split = land.quarters(now), land.months.index(IMPORT)
    months = [month for month in quarters if (month < split) == (now < split)]
    texts = _Motion.of(text_snapshots(land, months), rows)
    segments = _Motion.of(segment_snapshots(land, months), rows)
    smoothed = texts.smoothed(left, right)
    scores = {
        TEXTS: texts.chance(left, right),
        SEGMENTS: segments.chance(left, right),
        "current distance": text,
        "smoothed distance": -smoothed,
        "degree": fame,
        "EdgeBank": _ever(land, now, rows)[left, right].astype(float),
        "nothing changes": np.zeros(len(left)),
        "breadth (all segments)": wide,
        "breadth (products)": held.sum(axis=1)[left] + held.sum(axis=1)[right],
        BREADTH_TEXT: _standard(wide) + _standard(text),
    }
    for name, table in (
        ("current distance + degree", np.stack([text, fame], axis=1)),
        (LEARNED, np.stack([np.log(breadth)[left] + np.log(breadth)[right], text], axis=1)),
    ):
        scores[name] = regressed(past.get(name, []), table, None)
        past.setdefault(name, []).append((table, came_true))
    for name, order in zip((OURS, *PLACEBOS), ("", SHUFFLED, REVERSED), strict=True):
        model = _entering(land, now, order)
        expected = shared_entries(model.chances(land.labelled(now, rows), 1.0), land.held[now][rows])
        scores[name] = -np.expm1(-expected[left, right])
    return Asked(start, (rows[left], rows[right]), came_true, scores, scores[OURS])


def _entering(land: Landscape, now: int, order: str) -> Entering:
    """Rates learned up to a month; a placebo learns from each company's months in another order."""
    months = land.quarters(now)
    held, breadth = land.held[months], land.breadth[months]
    texts = np.stack([land.at(month) for month in months])
    if order:
        place = _order(held.any(axis=2).T, order)
        held, breadth, texts = (
            np.take_along_axis(a, place.T.reshape(place.T.shape + (1,) * (a.ndim - 2)), axis=0)
            for a in (held, breadth, texts)
        )
    at = {month: place for place, month in enumerate(months)}
    steps = []
    for a, b in land.steps(now):
        rows = np.flatnonzero(held[at[a]].any(axis=1))
        labelled = Labelled(held[at[a]][rows], breadth[at[a]][rows], texts[at[a]][rows])
        steps.append((labelled, held[at[b]][rows], (b - a) / 12))
    return Entering.fit(steps)


def _order(there: np.ndarray, order: str) -> np.ndarray:
    """(companies, months) which month each company's place is taken from."""
    places = np.where(there, np.arange(there.shape[1], dtype=np.float32)[None], np.nan)[:, :, None]
    mixed = rearranged(places.astype(np.float32), order)[:, :, 0]
    return np.where(there, np.nan_to_num(mixed), np.arange(there.shape[1])[None]).astype(np.int64)


@dataclass(frozen=True)
class _Motion:
    """Lines of all companies, and the rows that are asked."""

    lines: Lines
    radius: float
    rows: np.ndarray

    @classmethod
    def of(cls, snapshots: Snapshots, rows: np.ndarray) -> _Motion:
        lines = fit_lines(Field.fit(snapshots).tracks(snapshots), snapshots.years)
        return cls(lines, usual_radius(lines), rows)

    def chance(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return probability_within(at_horizon(self.lines, self.rows[left], self.rows[right], 1.0), self.radius)

    def smoothed(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return np.linalg.norm(self.lines.position[self.rows[left]] - self.lines.position[self.rows[right]], axis=1)


def text_snapshots(land: Landscape, months: list[int]) -> Snapshots:
    """Texts of all companies; who has no product in a month is absent."""
    values = np.stack([land.at(month) for month in months], axis=1)
    there = np.stack([land.held[month].any(axis=1) for month in months], axis=1)
    return Snapshots.from_array(values, _dates(land, months), there)


def segment_snapshots(land: Landscape, months: list[int]) -> Snapshots:
    """Product segments as equal shares."""
    amounts = np.stack([land.held[month] for month in months], axis=1).astype(float)
    return hellinger(amounts, _dates(land, months))


def _dates(land: Landscape, months: list[int]) -> np.ndarray:
    return np.array([land.months[month] for month in months], dtype="datetime64[M]").astype("datetime64[D]")


def _ever(land: Landscape, now: int, rows: np.ndarray) -> np.ndarray:
    found = np.zeros((len(rows), len(rows)), dtype=bool)
    for month in range(now):
        held = land.held[month][rows].astype(np.float32)
        found |= held @ held.T > 0
    return found


def _standard(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std()
