"""Who is on a course with a partner: seen to move where there are snapshots, stated where there are none."""

import dataclasses
import json

import numpy as np
import pytest

from matchmaker.engine import Matchmaker
from matchmaker.errors import SettingsError, UnknownPartnerError
from matchmaker.moving import STATED
from matchmaker.trajectories.field import Snapshots
from matchmaker.trajectories.history import read_snapshots
from matchmaker.trajectories.motion import Motion
from matchmaker.trajectories.pair import BASIS
from matchmaker.trajectories.wording import NOT_SHOWN
from tests.conftest import WordEncoder, make_catalogue

COUNT = 60
DATES = np.datetime64("2024-01-01") + np.arange(8) * 91


@pytest.fixture(scope="module")
def plain():
    return Matchmaker(encoder=WordEncoder()).fit(make_catalogue(COUNT))


@pytest.fixture(scope="module")
def engine(plain):
    """Everybody runs along a line of its own; the last partner of the catalogue was never seen."""
    rng = np.random.default_rng(0)
    start, own = rng.normal(size=(2, COUNT - 1, 1, 3))
    velocity = 0.2 * own - 0.25 * start  # together on the whole
    vectors = start + velocity * (np.arange(8) / 4)[:, None] + rng.normal(size=(COUNT - 1, 8, 3)) * 0.02
    snapshots = Snapshots.from_array(vectors, DATES.astype("datetime64[D]"))
    motion = Motion.fit({"audience": snapshots}, plain.fitted.space.ids[:-1])
    return plain.on(dataclasses.replace(plain.fitted, motion=motion), WordEncoder())


def test_who_is_about_to_be_met_is_named_with_chance_evidence_and_dates(engine):
    motion, told = engine.fitted.motion, 0
    for row in range(COUNT - 1):
        expected = motion.collisions(row, 5)
        found = engine.collisions(motion.ids[row], 5)
        assert [(one["partner"], one["chance"]) for one in found.collisions] == [
            (motion.ids[one.pair.b], one.chance) for one in expected
        ]
        assert (found.basis, found.last) == (BASIS, "2025-09-29")
        assert found.wording == (NOT_SHOWN if expected else None)
        for one in found.collisions:
            told += 1
            assert one["verdict"] == "converging" and one["kinds"] == list(expected[one["rank"] - 1].pair.kinds)
            assert one["until"] == "2026-09-29"
            assert "on 2024-01-01" in one["evidence"][0] and "on 2025-09-29" in one["evidence"][0]
        assert json.dumps(found.to_dict())
    assert told > 10


def test_who_was_never_seen_and_who_meets_nobody_is_told_so(engine):
    unseen = engine.collisions(f"p{COUNT - 1:03}")
    assert (unseen.basis, unseen.wording) == ("stated, not observed", None)
    assert "is in no snapshot" in unseen.notes[0]
    quiet = engine.collisions("p000", least=1.0)
    assert (quiet.collisions, quiet.wording) == ([], None)
    assert "Nobody is about to be met" in quiet.notes[0]


def test_a_bundle_keeps_the_motion(engine, tmp_path):
    again = Matchmaker.load(engine.save(tmp_path / "bundle"))
    for row in range(10):
        assert again.collisions(f"p{row:03}").to_dict() == engine.collisions(f"p{row:03}").to_dict()


def test_snapshots_are_fitted_with_the_catalogue(tmp_path):
    path = tmp_path / "snapshots.jsonl"
    rows = [
        {"id": f"p{number:03}", "name": "A", "as_of": day.item().isoformat(), "audience": f"shops {number} {place}"}
        for number in range(12)
        for place, day in enumerate(DATES.astype("datetime64[D]"))
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    fitted = Matchmaker(encoder=WordEncoder()).fit(make_catalogue(12), snapshots=read_snapshots(path)).fitted
    assert (len(fitted.motion), fitted.motion.last.isoformat(), list(fitted.motion.facets)) == (
        12,
        "2025-09-29",
        ["audience"],
    )
    assert fitted.motion.fingerprint == WordEncoder.fingerprint


def test_without_snapshots_the_stated_course_is_told_as_such(plain):
    found = plain.collisions("p000", 5)
    assert (found.basis, found.wording, found.last) == (STATED, None, None)
    assert "--snapshots" in found.notes[0]
    listed = plain.recommend("p000", COUNT - 1, diversity=0.0, include_existing=True)
    crossing = [match.partner for match in listed if match.stated_course is not None][:5]
    assert [one["partner"] for one in found.collisions] == crossing
    assert {one["course"]["basis"] for one in found.collisions} <= {STATED}


def test_what_cannot_be_asked_is_one_clear_error(engine):
    with pytest.raises(UnknownPartnerError):
        engine.collisions("nobody")
    with pytest.raises(SettingsError):
        engine.collisions("p000", 0)
    with pytest.raises(SettingsError):
        engine.collisions("p000", years=0)
