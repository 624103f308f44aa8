import datetime as dt

import numpy as np
import pytest

from matchmaker.errors import SettingsError
from matchmaker.profiles.accounts import AccountTable
from matchmaker.trajectories.field import Snapshots
from matchmaker.trajectories.motion import FacetMotion
from matchmaker.trajectories.overlap import overlap_trend
from matchmaker.trajectories.shares import account_shares, hellinger, shares_at

START = dt.date(2022, 1, 1)


def day(number):
    return START + dt.timedelta(days=int(number))


def accounts(rng, shared, count=300):
    """Two partners that gain an account every few days, `shared(day)` of which the other has already."""
    a, b = {}, {}
    for number, when in enumerate(sorted(rng.integers(0, 1000, size=count))):
        mine, other = (a, b) if number % 2 else (b, a)
        key = f"c{number}"
        if rng.random() < shared(when):
            other[key] = day(when) - dt.timedelta(days=1)
        mine[key] = day(when)
    return a, b


def test_growing_falling_and_level_overlap():
    rng = np.random.default_rng(0)
    rising = overlap_trend(*accounts(rng, lambda when: 0.8 * when / 1000))
    assert rising.verdict == "converging" and rising.trend.low > 0
    falling = overlap_trend(*accounts(rng, lambda when: 0.8 * (1 - when / 1000)))
    assert falling.verdict == "diverging" and falling.trend.high < 0
    assert sum(one.gained for one in rising.periods) >= 300
    assert all(one.met <= one.gained for one in rising.periods)


def test_interval_of_the_trend_covers_no_trend_four_times_in_five():
    rng = np.random.default_rng(1)
    trends = [overlap_trend(*accounts(rng, lambda when: 0.4, 120)).trend for _ in range(300)]
    assert np.mean([one.low <= 0 <= one.high for one in trends]) == pytest.approx(0.8, abs=0.08)


def test_who_counts_as_met():
    a = {f"x{n}": day(10 * n) for n in range(8)}
    b = {f"x{n}": day(10 * n + 5) for n in range(8)}  # every account of b is one of a already
    found = overlap_trend(a, b)
    assert found.shared == 8
    assert sum(one.met for one in found.periods) == 8
    assert sum(one.gained for one in found.periods) == 16


def test_few_accounts_say_nothing():
    found = overlap_trend({"x": day(1)}, {"x": day(2)})
    assert (found.verdict, found.trend, found.shared) == ("insufficient data", None, 1)
    assert "2 dated accounts on 2 days" in found.reason


def test_shares_stay_shares_however_far_ahead():
    rng = np.random.default_rng(2)
    years = np.arange(6) / 2
    amounts = rng.gamma(5, size=(40, 1, 4)) * np.ones((40, 6, 4))
    amounts[0] = np.stack([1 + 3 * years, 9 - 3.5 * years, np.ones(6), np.zeros(6)], axis=1)
    dates = np.datetime64("2022-01-01") + np.round(years * 365.25).astype("timedelta64[D]")
    snapshots = hellinger(amounts, dates)
    np.testing.assert_allclose((snapshots.vectors**2).sum(axis=1), 1.0, atol=1e-5)
    motion = FacetMotion.fit(snapshots)
    for ahead in (0.0, 1.0, 9.0):
        shares = shares_at(motion, 0, ahead)
        assert shares.min() >= 0 and shares.sum() == pytest.approx(1)
    assert shares_at(motion, 0, 0.0)[0] == pytest.approx(amounts[0, -1, 0] / amounts[0, -1].sum(), abs=0.05)
    assert shares_at(motion, 0, 1.0)[0] > shares_at(motion, 0, 0.0)[0]
    amounts[3, 2] = 0
    assert not hellinger(amounts, dates).present[3, 2]
    with pytest.raises(SettingsError, match="none below 0"):
        hellinger(-amounts, dates)


def test_shares_of_dated_accounts_are_of_those_had_by_then():
    rows = [("p", "a", "small", "2023-01-05"), ("p", "b", "large", "2023-06-01"), ("p", "c", "large", "2024-01-01")]
    rows += [("q", "a", "small", "2023-01-01"), ("q", "d", None, "2023-01-01"), ("q", "e", "large", None)]
    partners, keys, segments, dates = zip(*rows, strict=True)
    held = AccountTable(partners, keys, ("customer",) * 6, segments, (None,) * 6, dates, "k")
    snapshots, names = account_shares(
        held, ["p", "q", "r"], [dt.date(2023, 2, 1), dt.date(2023, 6, 1), dt.date(2024, 2, 1)]
    )
    assert names == ("large", "small")
    assert isinstance(snapshots, Snapshots)
    shares = snapshots.vectors.reshape(3, 3, 2) ** 2
    np.testing.assert_allclose(shares[0], [[0, 1], [0.5, 0.5], [2 / 3, 1 / 3]], atol=1e-6)
    np.testing.assert_allclose(shares[1], [[0, 1]] * 3, atol=1e-6)
    assert snapshots.present.tolist() == [[True] * 3, [True] * 3, [False] * 3]
