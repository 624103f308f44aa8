"""The orbit of a partner over HTTP, and that what it draws is what the motion says."""

import dataclasses
import json

import numpy as np
import pytest

from matchmaker.errors import SettingsError
from tests.service.conftest import problem
from tests.service.moving import HEADED, LEAVING, OWN, SELDOM, UNSEEN


def ask(moving_api, partner=OWN, query=""):
    return moving_api.get(f"/v1/partners/{partner}/orbit{query}")


def test_what_is_told_is_what_the_engine_says(moving_api, moving_engine):
    answer = ask(moving_api, query="?k=5&years=0.5&facet=audience").json()
    assert answer["data"] == json.loads(json.dumps(moving_engine.orbit(OWN, 5, years=0.5, facet="audience").to_dict()))
    assert answer["warnings"] == []
    assert (answer["data"]["last"], answer["data"]["facets"]) == ("2025-10-13", ["audience", "capabilities"])
    assert len(answer["data"]["tracks"]) == 6


def test_distances_and_chances_are_those_of_the_courses(moving_api, moving_engine):
    told = ask(moving_api, query="?facet=audience").json()["data"]
    motion = moving_engine.fitted.motion
    assert [track["partner"] for track in told["tracks"]][0] == OWN
    for track in told["tracks"][1:]:
        course = motion.of_pair(motion.rows[OWN], motion.rows[track["partner"]]).courses["audience"]
        now, then = track["ahead"][0], track["ahead"][-1]
        assert now["apart"] == pytest.approx(track["line"][-1]["apart"]) == pytest.approx(course.now.value, abs=1e-3)
        for name, value in (("apart", course.then.value), ("low", course.then.low), ("high", course.then.high)):
            assert then[name] == pytest.approx(value, abs=5e-3)
        assert (track["verdict"], track["chance"]) == (course.verdict, course.within)
    verdicts = {track["partner"]: track["verdict"] for track in told["tracks"]}
    assert {verdicts[one] for one in HEADED} == {"converging"}
    assert {verdicts[one] for one in LEAVING} == {"diverging"}
    assert {one["partner"] for one in told["meetings"]} >= set(HEADED)


def test_without_a_facet_it_is_that_of_the_likeliest_collision(moving_api, moving_engine):
    first = moving_engine.collisions(OWN).collisions[0]
    assert ask(moving_api).json()["data"]["facet"] == first["facet"]


def test_ahead_is_left_out_where_no_course_may_be_told(moving_api):
    told = ask(moving_api, SELDOM).json()["data"]
    assert len(told["tracks"]) == 13 and told["meetings"] == []
    assert all(track["ahead"] == [] and len(track["line"]) for track in told["tracks"])
    assert {track["chance"] for track in told["tracks"]} == {None}
    assert "Nobody is told to converge" in told["notes"][0]


def test_who_is_in_no_snapshot_has_no_orbit_and_is_told_so(moving_api):
    answer = ask(moving_api, UNSEEN).json()
    assert (answer["data"]["tracks"], answer["data"]["facet"], answer["data"]["facets"]) == ([], None, [])
    assert answer["warnings"] == ["UPS is in no snapshot: insufficient data."]


def test_without_snapshots_there_is_none_and_a_note_says_how_to_have_one(sample):
    answer = sample.api.get(f"/v1/partners/{OWN}/orbit").json()
    assert (answer["data"]["tracks"], answer["data"]["facets"], answer["data"]["last"]) == ([], [], None)
    assert "--snapshots" in answer["warnings"][0]


def test_a_facet_in_which_it_was_never_seen_is_passed_over(moving_engine):
    motion = moving_engine.fitted.motion
    row = motion.rows[SELDOM]
    audience = motion.facets["audience"]
    seen = audience.lines.seen.copy()
    seen[row] = 0
    blind = dataclasses.replace(audience, lines=dataclasses.replace(audience.lines, seen=seen))
    facets = {"audience": blind, "capabilities": motion.facets["capabilities"]}
    other = moving_engine.on(
        dataclasses.replace(moving_engine.fitted, motion=dataclasses.replace(motion, facets=facets)), None
    )
    found = other.orbit(SELDOM)
    assert (found.facet, found.facets, len(found.tracks)) == ("capabilities", ["capabilities"], 13)
    told = other.orbit(SELDOM, facet="audience")
    assert (told.tracks, told.notes) == ([], ["FedEx was never seen in audience: insufficient data."])


@pytest.mark.parametrize("wrong", ["k=0", "k=51", "years=0", "years=11", "facet=", "more=1"])
def test_what_is_out_of_range_is_refused(moving_api, wrong):
    problem(ask(moving_api, query=f"?{wrong}"), 422, "invalid_request")


def test_an_unknown_facet_or_partner_is_refused(moving_api, moving_engine):
    assert "audience, capabilities" in problem(ask(moving_api, query="?facet=taste"), 422, "invalid_setting")["detail"]
    problem(ask(moving_api, "nobody"), 404, "unknown_partner")
    with pytest.raises(SettingsError):
        moving_engine.orbit(OWN, 0)


def test_an_answer_is_kept_for_its_generation(moving_api):
    tag = ask(moving_api).headers["etag"]
    assert moving_api.get(f"/v1/partners/{OWN}/orbit", headers={"If-None-Match": tag}).status_code == 304
    assert ask(moving_api, query="?k=3").headers["etag"] != tag


def test_numbers_are_numbers(moving_api):
    told = ask(moving_api).json()["data"]
    points = [point for track in told["tracks"] for name in ("seen", "line", "ahead") for point in track[name]]
    values = [value for point in points for key, value in point.items() if key != "date"]
    assert np.isfinite(values).all() and all(point["date"] for point in points)
