"""Matches of those alone that a partner is on a collision course with, over HTTP."""

import json

import pytest

from matchmaker.trajectories.wording import NOT_SHOWN
from matchmaker_service.settings import Settings
from tests.service.conftest import problem, running
from tests.service.moving import HEADED, OWN, moving_sample


@pytest.fixture(scope="module")
def engine():
    return moving_sample()


@pytest.fixture(scope="module")
def served(engine, tmp_path_factory):
    bundle = engine.save(tmp_path_factory.mktemp("bundle")).parent
    settings = Settings(model=bundle, data_dir=tmp_path_factory.mktemp("data"), log_level="error", encode_apart=False)
    with running(settings) as found:
        yield found.api


def test_both_ways_to_ask_answer_as_the_engine(served, engine):
    right = engine.recommend(OWN, 50, relation="collision", include_existing=True, explain=False)
    listed = served.get(f"/v1/partners/{OWN}/matches?k=50&relation=collision&include_existing=true").json()
    asked = {"partner": OWN, "k": 50, "relation": "collision", "include_existing": True}
    queried = served.post("/v1/matches:query", json=asked).json()
    expected = [(match.partner, json.loads(json.dumps(match.collision))) for match in right]
    assert {partner for partner, _ in expected} >= set(HEADED)
    for answer in (listed, queried):
        assert [(one["partner"], one["collision"]) for one in answer["data"]] == expected
        assert answer["warnings"] == right.notes
        assert NOT_SHOWN in answer["warnings"]
        assert answer["meta"]["settings"]["relation"] == "collision"


def test_the_course_can_be_asked_for_alone(served):
    answer = served.get(f"/v1/partners/{OWN}/matches?k=1&relation=collision&include_existing=true&fields=collision")
    assert list(answer.json()["data"][0]) == ["collision"]


def test_a_list_with_a_relation_is_another_answer_than_one_without(served):
    tags = [served.get(f"/v1/partners/{OWN}/matches{more}").headers["etag"] for more in ("", "?relation=collision")]
    assert tags[0] != tags[1]


def test_any_other_relation_is_refused(served):
    problem(served.get(f"/v1/partners/{OWN}/matches?relation=orbit"), 422, "invalid_request")
    problem(served.post("/v1/matches:query", json={"partner": OWN, "relation": "orbit"}), 422, "invalid_request")
