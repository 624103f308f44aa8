"""Generated worlds whose motion is known: what the issue demands of them, on small ones."""

import datetime as dt

import numpy as np
import pytest

from benchmarks.collisions.worlds import HORIZON, NOISES, read, world
from matchmaker.trajectories.course import INSUFFICIENT
from matchmaker.trajectories.field import Snapshots
from matchmaker.trajectories.motion import FacetMotion, Motion


@pytest.mark.parametrize("seed", [11, 12])
def test_medium_noise_meets_the_bar(seed):
    found = read(world(300, seed=seed))
    assert found["ours"] >= 0.80
    assert found["384 dimensions, closest approach"] < 0.5 * found["ours"]
    assert found["ours"] > found["current distance"] + 0.4
    assert found["ours, shuffled order"] < found["smoothed distance"] + 0.05
    assert found["ours, reversed order"] < found["smoothed distance"] + 0.05
    assert found["sign of t*"] >= 0.9
    assert 0.75 <= found["coverage"] <= 0.85
    assert found["chance, mean"] == pytest.approx(found["base rate"], rel=0.25)


@pytest.mark.parametrize("noise", [NOISES["low"], NOISES["high"]])
def test_intervals_cover_whatever_the_noise_and_who_is_missing(noise):
    rng = np.random.default_rng(5)
    there = rng.random((300, 8)) < 0.8
    assert 0.75 <= read(world(300, 8, noise, seed=21), present=there)["coverage"] <= 0.85


@pytest.mark.parametrize("snapshots", [1, 2, 3])
def test_fewer_than_four_snapshots_are_always_insufficient(snapshots):
    made = world(60, snapshots, seed=3)
    motion = Motion.fit({"audience": Snapshots.from_array(made.values, made.dates)})
    for other in range(1, 60):
        course = motion.of_pair(0, other).courses["audience"]
        assert course.verdict == INSUFFICIENT
        assert (course.then, course.within, course.speed, course.approach) == (None, None, None, None)
        assert course.direction in ((None,) if snapshots == 1 else ("closer", "apart"))
        assert "fewer than 4 snapshots" in course.reason
    assert motion.collisions(0, years=HORIZON, least=0.001) == ()


def test_two_on_a_known_course_meet_when_and_where_they_do():
    """Two fly at one another along the first axis, past a crowd that stands still."""
    rng = np.random.default_rng(0)
    years = np.linspace(-2, 0, 9)
    values = np.repeat(rng.normal(size=(80, 1, 12)), 9, axis=1)
    values[0, :, 0], values[1, :, 0] = 4 + years * -1.0, -4 - years * -1.0
    values[:2, :, 1:] = 0
    values += rng.normal(size=values.shape) * 0.02
    dates = np.datetime64("2024-01-01") + np.round(years * 365.25).astype("timedelta64[D]")
    motion = Motion.fit({"audience": Snapshots.from_array(values, dates)}, radius=0.8)
    course = motion.of_pair(0, 1, years=3.7).courses["audience"]
    assert course.verdict == "converging"
    assert course.now.value == pytest.approx(8, abs=0.1)
    assert course.then.value == pytest.approx(8 - 2 * 3.7, abs=0.2)
    assert course.speed.value == pytest.approx(2, abs=0.1)
    assert course.within > 0.8
    assert course.approach.years.low <= 4.0 <= course.approach.years.high
    assert course.approach.years.value == pytest.approx(4.0, abs=0.2)
    assert abs(course.approach.date - dt.date(2028, 1, 1)) < dt.timedelta(days=75)
    [first, *_] = motion.collisions(0, years=3.7)
    assert first.pair.b == 1
    assert first.pair.moved["audience"] == "both"
    back = Motion.fit({"audience": Snapshots.from_array(values[:, ::-1], dates)}).of_pair(0, 1).courses["audience"]
    assert back.verdict == "diverging"
    assert back.approach.years.high < 0


def test_a_far_pair_that_stands_still_is_parallel():
    rng = np.random.default_rng(1)
    values = np.repeat(rng.normal(size=(50, 1, 10)), 6, axis=1) + rng.normal(size=(50, 6, 10)) * 1e-3
    dates = np.datetime64("2023-01-01") + np.arange(6) * np.timedelta64(91, "D")
    course = Motion.fit({"goals": Snapshots.from_array(values, dates)}).of_pair(3, 4).courses["goals"]
    assert course.verdict == "parallel"
    assert "tenth" in course.reason


def test_the_compiled_list_is_that_of_the_formulas():
    made = world(120, seed=8)
    motion = Motion.fit({"audience": Snapshots.from_array(made.values, made.dates)}, radius=0.75)
    facet: FacetMotion = motion.facets["audience"]
    partners, chances, _ = motion.best(5, years=HORIZON, threads=2)
    met = 0
    for row in range(0, 120, 16):
        listed = motion.collisions(row, 5, years=HORIZON)
        plain = {}
        for other in range(120):
            if other == row:
                continue
            course = motion.of_pair(row, other, years=HORIZON).courses["audience"]
            there = course.now.value <= facet.radius
            if course.speed.low > 0 and not there and course.within >= 0.05:
                plain[other] = course.within
        expected = sorted(plain, key=lambda one: -plain[one])[:5]
        assert [one.pair.b for one in listed] == expected
        assert [one.chance for one in listed] == pytest.approx([plain[one] for one in expected], abs=1e-4)
        assert partners[row][: len(expected)].tolist() == expected
        assert chances[row][: len(expected)] == pytest.approx([plain[one] for one in expected], abs=1e-4)
        met += len(expected)
    assert met > 10
