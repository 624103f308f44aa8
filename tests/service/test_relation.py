"""Matches of those alone that a partner is on a collision course with, over HTTP."""

import json

from matchmaker.trajectories.wording import NOT_SHOWN
from tests.service.conftest import problem
from tests.service.moving import HEADED, OWN


def test_both_ways_to_ask_answer_as_the_engine(moving_api, moving_engine):
    right = moving_engine.recommend(OWN, 50, relation="collision", include_existing=True, explain=False)
    listed = moving_api.get(f"/v1/partners/{OWN}/matches?k=50&relation=collision&include_existing=true").json()
    asked = {"partner": OWN, "k": 50, "relation": "collision", "include_existing": True}
    queried = moving_api.post("/v1/matches:query", json=asked).json()
    expected = [(match.partner, json.loads(json.dumps(match.collision))) for match in right]
    assert {partner for partner, _ in expected} >= set(HEADED)
    for answer in (listed, queried):
        assert [(one["partner"], one["collision"]) for one in answer["data"]] == expected
        assert answer["warnings"] == right.notes
        assert NOT_SHOWN in answer["warnings"]
        assert answer["meta"]["settings"]["relation"] == "collision"


def test_the_course_can_be_asked_for_alone(moving_api):
    answer = moving_api.get(f"/v1/partners/{OWN}/matches?k=1&relation=collision&include_existing=true&fields=collision")
    assert list(answer.json()["data"][0]) == ["collision"]


def test_a_list_with_a_relation_is_another_answer_than_one_without(moving_api):
    tags = [moving_api.get(f"/v1/partners/{OWN}/matches{more}").headers["etag"] for more in ("", "?relation=collision")]
    assert tags[0] != tags[1]


def test_any_other_relation_is_refused(moving_api):
    problem(moving_api.get(f"/v1/partners/{OWN}/matches?relation=orbit"), 422, "invalid_request")
    problem(moving_api.post("/v1/matches:query", json={"partner": OWN, "relation": "orbit"}), 422, "invalid_request")
