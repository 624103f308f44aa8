"""Real data: how often the distance that was seen later lies in the 80 % interval that was told of it, and who foresees it best.

Seen distances hold the noise of a snapshot, so that is added to what is told here. Pairs are of partners seen four times at least,
at the origin and at the horizon.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.collisions import web_vendors
from benchmarks.collisions.cloud_landscape import AFTER_IMPORT, Landscape, segment_snapshots, text_snapshots
from benchmarks.quality.table import PlainTable
from matchmaker.trajectories import distance
from matchmaker.trajectories.field import YEAR, Field, Snapshots
from matchmaker.trajectories.lines import FEWEST, closing_of, fit_lines

MOVED = 0.02
HEAD = [
    "data",
    "origin",
    "years",
    "pairs",
    "covered",
    "of those that moved",
    "share told a course",
    "MAE ours",
    "MAE stay",
]


def table(folder: Path, encoder: str) -> PlainTable:
    """One row a data set and origin."""
    rows = [_row(*one) for one in _cases(folder, encoder)]
    return PlainTable("80 % intervals of distances on real data, as seen later", HEAD, rows)


def _cases(folder: Path, encoder: str) -> Iterator[tuple[str, Snapshots, np.datetime64, float]]:
    land = Landscape.read(folder / "cloud_landscape", encoder)
    months = [month for month in land.quarters(len(land.months) - 1) if land.months[month] >= AFTER_IMPORT]
    for name, snapshots in (
        ("cloud_landscape, texts", text_snapshots(land, months)),
        ("cloud_landscape, segments", segment_snapshots(land, months)),
    ):
        for origin in ("2020-09-01", "2021-09-01"):
            yield name, snapshots, np.datetime64(origin), 1.0
    vendors = web_vendors.snapshots_of(folder / "web_vendors")
    for place in range(FEWEST - 1, len(vendors.dates) - web_vendors.MONTHS_AHEAD):
        yield "web_vendors, reach", vendors, vendors.dates[place], web_vendors.MONTHS_AHEAD / 12


def _row(name: str, snapshots: Snapshots, origin: np.datetime64, years: float) -> list[str | float]:
    past = snapshots.until(origin)
    field = Field.fit(past)
    lines = fit_lines(field.tracks(past), past.years)
    seen = replace(Field.fit(snapshots), axes=field.axes).tracks(snapshots)
    end = int(np.abs((snapshots.dates - origin - np.timedelta64(round(years * YEAR), "D")).astype(int)).argmin())
    now = len(past.dates) - 1
    rows = np.flatnonzero((lines.seen >= FEWEST) & past.present[:, now] & snapshots.present[:, end])
    left, right = (rows[side] for side in np.triu_indices(len(rows), 1))
    mean, variance = lines.at(years)
    of = distance.sums(mean[left] - mean[right], (variance + lines.noise)[left] + (variance + lines.noise)[right])
    low, high = (distance.quantile(of, z) for z in (-distance.Z80, distance.Z80))
    before, after = (np.linalg.norm(seen[left, date] - seen[right, date], axis=1) for date in (now, end))
    covered, moved = (after >= low) & (after <= high), np.abs(after - before) > MOVED
    growth = closing_of(lines, left, right)
    told = np.abs(growth.mean) > distance.Z80 * np.sqrt(growth.variance)
    told &= np.abs(growth.mean) * years > 0.1 * before**2
    ahead = np.linalg.norm(mean[left] - mean[right], axis=1)
    figures = (
        covered.mean(),
        covered[moved].mean(),
        told.mean(),
        np.abs(ahead - after).mean(),
        np.abs(before - after).mean(),
    )
    return [name, str(origin), f"{years:.2f}", len(left), *map(float, figures)]
