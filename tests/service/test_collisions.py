"""Collision courses over HTTP are those of the engine."""

import json

import pytest

from matchmaker.moving import STATED
from tests.service.conftest import problem


def test_what_is_told_is_what_the_engine_says(sample, oracle):
    answer = sample.api.get("/v1/partners/shipbob/collisions?k=4").json()
    right = json.loads(json.dumps(oracle.collisions("shipbob", 4).to_dict()))
    assert answer["data"] == right
    assert (right["basis"], len(right["collisions"])) == (STATED, 4)
    assert answer["warnings"] == right["notes"]


def test_an_answer_is_kept_for_its_generation(sample):
    first = sample.api.get("/v1/partners/shipbob/collisions")
    again = sample.api.get("/v1/partners/shipbob/collisions", headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert sample.api.get("/v1/partners/shipbob/collisions?k=3").headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("wrong", ["k=0", "years=0", "years=11", "least=0", "more=1"])
def test_what_is_out_of_range_is_refused(sample, wrong):
    refused = sample.api.get(f"/v1/partners/shipbob/collisions?{wrong}")
    problem(refused, 422, "invalid_request")


def test_an_unknown_partner_is_not_found(sample):
    assert sample.api.get("/v1/partners/nobody/collisions").status_code == 404
