import json

import numpy as np
import pytest

from benchmarks.collisions.worlds import world
from matchmaker.errors import SettingsError
from matchmaker.profiles.schema import Relation
from matchmaker.trajectories.backtest import (
    BASELINES,
    OURS,
    PLACEBOS,
    Event,
    Links,
    backtest,
    nearness_event,
    origins_of,
    relation_event,
)
from matchmaker.trajectories.entering import Entering, Labelled, shared_entries
from matchmaker.trajectories.field import Snapshots
from matchmaker.trajectories.placebo import REVERSED, SHUFFLED, rearranged
from matchmaker.trajectories.proof import Asked, figures

WORDING = "trajectories are converging; on this data that has not been shown to predict partnerships"


@pytest.fixture(scope="module")
def made():
    return world(60, 14, 0.3, seed=5)


def met_by(made, radius=0.9):
    """Partnerships of those who truly come within a radius, announced on that day, and known ever after."""

    def near(day):
        years = float((day - made.dates[-1]).astype(int)) / 365.25
        at = made.position + years * made.velocity
        found = np.linalg.norm(at[:, None] - at[None], axis=2) < radius
        np.fill_diagonal(found, False)
        return found

    def links(origin, horizon):
        return Links(near(origin), near(origin), near(horizon))

    return Event("met", True, links)


def test_motion_that_makes_partners_may_be_said_to(made):
    found = backtest({"audience": Snapshots.from_array(made.values, made.dates)}, met_by(made))
    assert found.predicts, found.to_text()
    assert "not been shown" not in found.wording
    assert set(found.figures) >= {OURS, *BASELINES, *PLACEBOS}
    assert json.loads(json.dumps(found.to_dict()))["predicts"] is True


def test_partnerships_that_motion_does_not_make_leave_the_plain_wording(made):
    rng = np.random.default_rng(0)
    pairs = np.triu(rng.random((60, 60)) < 0.1, 1)
    when = np.where(pairs | pairs.T, rng.integers(0, 1300, size=(60, 60)), 10_000)
    when = np.minimum(when, when.T)

    def links(origin, horizon):
        first = made.dates[0]
        known, after = (when < (day - first).astype(int) for day in (origin, horizon))
        return Links(known, known, after)

    found = backtest({"audience": Snapshots.from_array(made.values, made.dates)}, Event("by chance", True, links))
    assert not found.predicts
    assert found.wording == WORDING
    assert found.to_text().endswith(WORDING[1:] + ".")
    assert "beats" in {check.name for check in found.checks if not check.passed}


def test_what_is_read_from_the_same_texts_proves_nothing(made):
    snapshots = Snapshots.from_array(made.values, made.dates)
    found = backtest({"audience": snapshots}, nearness_event("audience", snapshots))
    failed = {check.name for check in found.checks if not check.passed}
    assert failed == {"independent"}
    assert found.wording == WORDING


def test_origins_have_a_past_and_a_future():
    dates = np.datetime64("2020-01-01") + np.arange(12) * np.timedelta64(91, "D")
    assert origins_of(dates, 1.0).__len__() == 2
    for origin in origins_of(dates, 1.0):
        assert (dates <= origin).sum() >= 4
        assert origin + np.timedelta64(320, "D") <= dates[-1]
    assert origins_of(dates[:4], 1.0) == []
    made = world(20, 4, seed=0)
    with pytest.raises(SettingsError, match="no origin"):
        snapshots = Snapshots.from_array(made.values, made.dates)
        backtest({"audience": snapshots}, nearness_event("audience", snapshots))


def test_relations_are_events_on_their_day():
    relations = [
        Relation(a="a", b="b", type="partnership", announced_on="2024-03-01"),
        Relation(a="a", b="c", type="integration"),
        Relation(a="b", b="c", type="competitor", announced_on="2024-03-01"),
        Relation(a="c", b="d", type="partnership", announced_on="2023-01-01", ended_on="2023-06-01"),
    ]
    now, ever, after = relation_event(relations, ["a", "b", "c", "d"]).links(
        np.datetime64("2024-01-01"), np.datetime64("2025-01-01")
    )
    pairs = [{(int(i), int(j)) for i, j in np.argwhere(np.triu(one))} for one in (now, ever, after)]
    assert pairs == [{(0, 2)}, {(0, 2), (2, 3)}, {(0, 1), (0, 2)}]


def test_figures_are_means_over_origins():
    true = np.array([True, False, False, False])
    ends = (np.array([0, 1, 2, 3]), np.array([4, 5, 6, 7]))
    good, bad = np.array([4.0, 3, 2, 1]), np.array([1.0, 2, 3, 4])
    found = figures([Asked("1", ends, true, {"s": good}, good / 5), Asked("2", ends, true, {"s": bad}, bad / 5)])["s"]
    assert found.ap.estimate == pytest.approx((1 + 0.25) / 2)
    assert found.auc.estimate == pytest.approx(0.5)


def test_placebos_keep_where_and_lose_when():
    rng = np.random.default_rng(1)
    tracks = rng.normal(size=(40, 7, 3)).astype(np.float32)
    tracks[rng.random((40, 7)) < 0.3] = np.nan
    for order in (SHUFFLED, REVERSED):
        mixed = rearranged(tracks, order)
        np.testing.assert_array_equal(np.isnan(mixed), np.isnan(tracks))
        for one, other in zip(mixed, tracks, strict=True):
            np.testing.assert_array_equal(
                np.sort(one[~np.isnan(one[:, 0]), 0]), np.sort(other[~np.isnan(other[:, 0]), 0])
            )
    seen = [track[~np.isnan(track[:, 0])] for track in tracks]
    back = [track[~np.isnan(track[:, 0])] for track in rearranged(tracks, REVERSED)]
    assert all((one[::-1] == other).all() for one, other in zip(seen, back, strict=True))
    assert (np.nan_to_num(rearranged(tracks, SHUFFLED)) != np.nan_to_num(tracks)).any()


def test_rates_of_entering_are_found():
    """Partners with many labels enter often, and only where their text stands."""
    rng = np.random.default_rng(3)
    segments = np.eye(6)
    steps = []
    for _ in range(8):
        home = rng.integers(6, size=300)
        held = np.eye(6, dtype=bool)[home]
        aim = rng.integers(6, size=300)
        vectors = segments[aim] + segments[home] + rng.normal(size=(300, 6)) * 0.05
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        breadth = rng.integers(1, 9, size=300).astype(float)
        enters = (rng.random(300) < 0.05 * breadth / 4) & (aim != home)
        later = held.copy()
        later[np.flatnonzero(enters), aim[enters]] = True
        steps.append((Labelled(held, breadth, vectors), later, 0.25))
    model = Entering.fit(steps)
    assert model.coefficients[0] > 0.2 and model.coefficients[2] > 1.0
    now, later, _ = steps[0]
    chances = model.chances(now, 0.25)
    assert (chances[now.held] == 0).all()
    assert chances.sum() == pytest.approx((later & ~now.held).sum(), rel=0.5)
    both = shared_entries(chances, now.held)
    np.testing.assert_allclose(both, both.T)
    with pytest.raises(SettingsError, match="Nobody entered"):
        Entering.fit([(now, now.held, 0.25)])
