"""What an assistant is told of collision courses is what the engine says, in few words."""

import jsonschema
import pytest

from matchmaker.matching.course import BASIS as STATED
from matchmaker.trajectories.pair import BASIS
from matchmaker.trajectories.wording import NOT_SHOWN
from matchmaker_service.mcp import server as build
from matchmaker_service.mcp.protocol import described
from matchmaker_service.mcp.tools import TOOLS
from tests.service.mcp.asking import answer, refusal
from tests.service.moving import HEADED, OWN, moving_sample

NAME = "find_collisions"


@pytest.fixture(scope="module")
def moving():
    return moving_sample()


@pytest.fixture(scope="module")
def flying(moving):
    return build(moving)


def test_what_was_seen_is_told_with_its_wording(flying, moving):
    found = answer(flying, NAME, partner=OWN, k=4)
    right = moving.collisions(OWN, 4)
    jsonschema.validate(found, described(TOOLS[NAME]).output_schema)
    assert (found["basis"], found["wording"], found["last"]) == (BASIS, NOT_SHOWN, "2025-10-13")
    assert {one["partner"] for one in found["collisions"]} >= set(HEADED) - {"wonderment"}
    for one, wanted in zip(found["collisions"], right.collisions, strict=True):
        assert (one["partner"], one["facet"]) == (wanted["partner"], wanted["facet"])
        assert one["chance"] == pytest.approx(wanted["chance"], abs=5e-4)
        assert one["evidence"] == wanted["evidence"]
        assert "courses" not in one
    assert set(right.notes) <= set(found.get("notes", []))


def test_horizon_and_least_chance_are_those_asked_for(flying):
    near = answer(flying, NAME, partner=OWN, years=0.5)
    sure = answer(flying, NAME, partner=OWN, least=0.9)
    assert near["collisions"][0]["until"] == "2026-04-13"
    assert {one["partner"] for one in sure["collisions"]} == {"klaviyo", "loop-returns", "gorgias"}


def test_a_match_that_is_on_course_says_so_in_short(flying):
    asked = {"partner": OWN, "k": 50, "include_existing": True, "diversity": 0.0}
    matches = answer(flying, "find_partner_recommendations", **asked)["matches"]
    marked = [one["collision"] for one in matches if "collision" in one]
    assert marked and all(set(one) == {"facet", "chance", "kinds", "evidence"} for one in marked)


def test_without_snapshots_it_is_stated_and_not_observed(server, engine):
    found = answer(server, NAME, partner="p000", k=3)
    right = engine.collisions("p000", 3)
    assert (found["basis"], "wording" in found) == (STATED, False)
    assert [one["partner"] for one in found.get("collisions", [])] == [one["partner"] for one in right.collisions]
    assert any("--snapshots" in note for note in found["notes"])


@pytest.mark.parametrize("wrong", [{"years": 0}, {"years": 11}, {"least": 0}, {"k": 0}, {"more": 1}])
def test_what_is_out_of_range_is_refused_by_name(flying, wrong):
    said = refusal(flying, NAME, partner=OWN, **wrong)
    assert said.startswith("invalid_setting") and next(iter(wrong)) in said
