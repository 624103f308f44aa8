"""Lists of those alone that a partner is on a collision course with: seen in snapshots, else stated."""

import dataclasses

import numpy as np
import pytest

from matchmaker import Matchmaker
from matchmaker.errors import SettingsError
from matchmaker.matching.course import BASIS as STATED
from matchmaker.trajectories.field import Snapshots
from matchmaker.trajectories.motion import Motion
from matchmaker.trajectories.pair import BASIS
from matchmaker.trajectories.wording import NOT_SHOWN
from tests.conftest import make_catalogue, make_partner
from tests.service.moving import DAYS, HEADED, LEAVING, OWN, UNSEEN, moving_sample


@pytest.fixture(scope="module")
def moving():
    return moving_sample()


def asked(engine, partner=OWN, k=100, **more):
    return engine.recommend(partner, k, **{"relation": "collision", "include_existing": True, **more})


def test_who_heads_for_it_is_listed_and_who_flies_away_is_not(moving):
    listed = {match.partner: match.collision for match in asked(moving)}
    assert set(HEADED) <= set(listed)
    assert not set(LEAVING) & set(listed)
    told = listed["klaviyo"]
    assert (told["basis"], told["verdict"], told["facet"]) == (BASIS, "converging", "capabilities")
    assert told["kinds"] == ["future rival or merger"]
    assert told["evidence"].startswith("capabilities: converging") and "2025-10-13" in told["evidence"]
    assert listed["loop-returns"]["facet"] == "audience"


def test_all_whom_collisions_lists_are_there_with_the_same_chances_and_facets(moving):
    for partner in (OWN, *HEADED):
        right = {one["partner"]: one for one in moving.collisions(partner, 1000).collisions}
        found = asked(moving, partner)
        assert {match.partner for match in found} == set(right)
        assert set(HEADED) <= set(right) or partner != OWN
        for match in found:
            assert match.collision["chance"] == pytest.approx(right[match.partner]["chance"], abs=1e-6)
            for name in ("facet", "verdict", "kinds", "until"):
                assert match.collision[name] == right[match.partner][name]


def test_other_wishes_go_on_working(moving):
    whole = asked(moving)
    assert [match.partner for match in asked(moving, diversity=0.0, popularity_weight=0.5)] == [
        match.partner for match in sorted(whole, key=lambda one: -one.mutual)
    ]
    kinds = {match.fit_type for match in whole}
    assert len(kinds) > 1
    for kind in kinds:
        of_kind = {match.partner for match in whole if match.fit_type == kind}
        assert {match.partner for match in asked(moving, fit_type=kind)} == of_kind
    of_name = asked(moving, filters={"category": list(whole.matches[0].categories)})
    assert 0 < len(of_name) < len(whole)
    assert len(asked(moving, k=2)) == 2


def test_a_plain_list_is_ordered_as_ever_and_marks_who_is_on_course(moving):
    still = moving.on(_without_motion(moving.fitted), None)
    plain, marked = (one.recommend(OWN, 100, include_existing=True) for one in (still, moving))
    assert [match.partner for match in plain] == [match.partner for match in marked]
    assert not any(match.collision for match in plain)
    on_course = {one["partner"] for one in moving.collisions(OWN, 1000).collisions}
    assert (
        {match.partner for match in marked if match.collision}
        == on_course & {match.partner for match in marked}
        != set()
    )
    assert NOT_SHOWN in marked.notes and NOT_SHOWN not in plain.notes


def test_the_wording_stands_beside_what_was_seen(moving):
    assert NOT_SHOWN in asked(moving).notes
    assert not any(STATED in note for note in asked(moving).notes)


def test_who_meets_nobody_is_told_so(moving):
    motion = moving.fitted.motion
    alone = next(
        one for one in moving.fitted.space.ids if one in motion.rows and not len(motion.met(motion.rows[one])[0])
    )
    found = asked(moving, alone)
    assert (len(found), NOT_SHOWN in found.notes) == (0, False)
    assert any("no trajectory converges" in note for note in found.notes)


def test_without_snapshots_those_are_listed_whose_goals_cross(moving):
    still = moving.on(_without_motion(moving.fitted), None)
    everybody = still.recommend(UNSEEN, 1000, include_existing=True, diversity=0.0)
    right = [match.partner for match in everybody if match.stated_course]
    found = asked(still, UNSEEN, diversity=0.0)
    assert 0 < len(right) < len(everybody)
    assert [match.partner for match in found] == right
    assert all(match.collision == match.stated_course and match.collision["basis"] == STATED for match in found)
    assert f"no dated snapshots are in this bundle: courses are {STATED}" in found.notes


def test_who_is_in_no_snapshot_has_its_stated_course(moving):
    found = asked(moving, UNSEEN)
    assert len(found) > 0
    assert {match.collision["basis"] for match in found} == {STATED}
    assert f"UPS is in no snapshot: courses are {STATED}" in found.notes


def test_a_profile_has_its_stated_course_even_under_the_id_of_one_that_moves(encoder):
    own = {"id": "p003", "goals": ("rescue of sunken wrecks",), "capabilities": ("brass diving bells",)}
    meets = {"goals": own["capabilities"], "capabilities": own["goals"]}
    engine = Matchmaker(encoder=encoder).fit([*make_catalogue().partners, make_partner(7, id="crossing", **meets)])
    ids = engine.fitted.space.ids
    vectors = np.random.default_rng(0).normal(size=(len(ids), 6, 8))
    motion = Motion.fit({"audience": Snapshots.from_array(vectors, DAYS[:6])}, ids)
    moving = engine.on(dataclasses.replace(engine.fitted, motion=motion), encoder)
    found = asked(moving, make_partner(3, name="New", **own))
    assert f"New is given by its profile, which nobody saw move: courses are {STATED}" in found.notes
    assert [match.partner for match in found] == ["crossing"]
    assert found.matches[0].collision["ours"]["goal"] == "rescue of sunken wrecks"


def test_any_other_relation_is_refused_by_the_one_that_is_allowed(moving):
    with pytest.raises(SettingsError, match="collision"):
        moving.recommend(OWN, relation="orbit")


def _without_motion(fitted):
    return dataclasses.replace(fitted, motion=None)
