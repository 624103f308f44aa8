"""Segments that partners enter, from dated labels to what is told of a pair."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from matchmaker.evaluation.metrics import pair_metrics
from matchmaker.trajectories.entries import Entries
from matchmaker.trajectories.field import Snapshots
from matchmaker.trajectories.history import read_snapshots
from matchmaker.trajectories.observed import Observed
from matchmaker.trajectories.resampled import resampled_metrics
from tests.words import WordEncoder

DAYS = [dt.date(2022 + quarter // 4, 1 + 3 * (quarter % 4), 1) for quarter in range(9)]
SEGMENTS = ("apparel", "beauty", "food")
RATE = 0.4
"""Entries a year of whoever's text speaks of a segment where it is not; others enter none."""


def table(moves=True, count=90):
    """Each is in one segment and speaks of it and of another one; it enters that one at a constant rate."""
    rng = np.random.default_rng(4)
    enters = rng.exponential(1 / RATE, size=count) if moves else np.full(count, np.inf)
    rows = []
    for number in range(count):
        home, aim = SEGMENTS[number % 3], SEGMENTS[(number + 1) % 3]
        for quarter, day in enumerate(DAYS):
            there = bool(quarter / 4 >= enters[number])
            said = {"audience": f"{home} {aim} {home} {aim}", "categories": ["tools"]}
            rows.append({"id": f"p{number:02d}", "as_of": str(day), "industries": [home, *[aim] * there], **said})
    return pd.DataFrame(rows).assign(name="House"), enters


def seen(frame):
    history = read_snapshots(frame)
    vectors = WordEncoder().encode([history.profiles[one][DAYS[0]].audience for one in history.ids])
    return history, Snapshots.from_array(np.repeat(vectors[:, None], len(DAYS), axis=1), DAYS)


def test_a_rate_is_found_and_told_of_the_segment_that_two_come_to_share():
    frame, enters = table()
    history, snapshots = seen(frame)
    found = Entries.of(history, snapshots)
    assert found.seen == int((enters <= 2.0).sum())
    outside = [row for row in range(len(history.ids)) if enters[row] > 2.0]
    assert len(outside) > 20
    for row in outside:
        home, aim, third = (row % 3, (row + 1) % 3, (row + 2) % 3)
        assert (
            RATE / 2.5 < found.rates[row, aim] < RATE * 2.5
        )  # some fifteen entries are there to tell each segment's from
        assert found.rates[row, third] < 0.05 * found.rates[row, aim] and found.rates[row, home] == 0
    a = next(row for row in outside if row % 3 == 0)
    b = next(row for row in outside if row % 3 == 1)
    name, chance, first, second = found.shared(a, b, 1.0)[0]
    assert (name, first, second) == ("beauty", True, False)
    assert chance == pytest.approx(-np.expm1(-found.rates[a, 1]))
    assert found.shared(b, a, 1.0)[0] == (name, chance, False, True)
    assert found.shared(a, b, 3.0)[0][1] == pytest.approx(1 - (1 - chance) ** 3)
    again = Entries.from_arrays(found.arrays())
    assert again.shared(a, b, 1.0) == found.shared(a, b, 1.0)


def test_where_nobody_enters_nothing_is_told():
    frame, _ = table(moves=False, count=30)
    assert Observed.of(read_snapshots(frame), WordEncoder()).entries is None


def test_resampled_figures_are_those_of_the_table_of_draws():
    rng = np.random.default_rng(0)
    left, right = np.triu_indices(25, 1)
    scores, true = np.round(rng.normal(size=len(left)), 1), rng.random(len(left)) < 0.05
    weights = rng.multinomial(25, np.full(25, 1 / 25), size=60).astype(float)
    right_ones = np.stack(pair_metrics(scores, true, weights[:, left] * weights[:, right]))
    np.testing.assert_allclose(resampled_metrics(scores, true, left, right, weights), right_ones, atol=1e-12)
    nobody = resampled_metrics(scores, np.zeros_like(true), left, right, weights)
    assert np.isnan(nobody).all()
