"""Gaps over HTTP: those of the engine, kept for a generation; a bound key is told no numbers of accounts by them."""

from __future__ import annotations

import json

import pytest

from matchmaker_service.auth import OPEN, Caller
from matchmaker_service.routes.gaps import _for
from tests.service.conftest import NEW, pointers, problem


def plain(found):
    return json.loads(json.dumps(found.to_dict(), default=float))


def test_what_a_partner_lacks_is_what_the_engine_says(sample, oracle):
    answer = sample.api.get("/v1/partners/shipbob/gaps?k=4&popularity_weight=0.1").json()
    right = plain(oracle.gaps("shipbob", k=4, popularity_weight=0.1))
    assert answer["data"] == right
    assert len(right["missing"]) == 4
    assert answer["warnings"] == right["notes"]


def test_what_stands_between_two_is_what_the_engine_says(sample, oracle):
    answer = sample.api.get("/v1/pairs/shipbob/klaviyo/gaps")
    assert answer.json()["data"] == plain(oracle.gaps("shipbob", "klaviyo"))
    other = sample.api.get("/v1/pairs/klaviyo/shipbob/gaps")
    assert other.headers["etag"] != answer.headers["etag"]
    assert other.json()["data"]["link"]["partner"] == "shipbob"


def test_what_the_ecosystem_lacks_is_what_the_engine_says(sample, oracle):
    assert sample.api.get("/v1/ecosystem/gaps?k=3").json()["data"] == plain(oracle.ecosystem_gaps(k=3))
    around = sample.api.get("/v1/ecosystem/gaps?hub=shipbob&hub=klaviyo&k=2").json()["data"]
    assert around == plain(oracle.ecosystem_gaps(["shipbob", "klaviyo"], 2))
    assert around["members"] < 201


@pytest.mark.parametrize("path", ["/v1/partners/shipbob/gaps", "/v1/pairs/shipbob/ups/gaps", "/v1/ecosystem/gaps?k=1"])
def test_who_has_an_answer_need_not_fetch_it_again(sample, path):
    tag = sample.api.get(path).headers["etag"]
    again = sample.api.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/v1/partners/shipbob/gaps?k=0", "/query/k"),
        ("/v1/partners/shipbob/gaps?k=101", "/query/k"),
        ("/v1/partners/shipbob/gaps?popularity_weight=nan", "/query/popularity_weight"),
        ("/v1/partners/shipbob/gaps?hub=ups", "/query/hub"),
        ("/v1/partners/shipbob/gaps?k=1&k=2", "/query/k"),
        ("/v1/pairs/shipbob/shipbob/gaps", "/path/b"),
        ("/v1/ecosystem/gaps?k=0", "/query/k"),
        ("/v1/ecosystem/gaps?hub=", "/query/hub/0"),
    ],
)
def test_a_wrong_question_is_pointed_at(sample, path, where):
    assert pointers(problem(sample.api.get(path), 422, "invalid_request")) == [where]


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/v1/partners/shipbop/gaps", []),
        ("/v1/pairs/nobody/shipbob/gaps", ["/path/a"]),
        ("/v1/pairs/shipbob/nobody/gaps", ["/path/b"]),
        ("/v1/ecosystem/gaps?hub=nobody", []),
    ],
)
def test_an_unknown_partner_is_told(sample, path, where):
    assert pointers(problem(sample.api.get(path), 404, "unknown_partner")) == where


def test_a_partner_written_a_moment_ago_lacks_everything(served):
    served.api.post("/v1/partners", json={"id": "new", **NEW})
    found = served.api.get("/v1/partners/new/gaps?k=100").json()["data"]
    assert {one["partner"] for one in found["missing"]} == {f"p{n:03}" for n in range(40)}
    assert served.api.get("/v1/pairs/p000/new/gaps").json()["data"]["link"]["partner"] == "new"
    served.api.post("/v1/relations", json={"relations": [{"a": "new", "b": "p000", "type": "integration"}]})
    served.settled()
    found = served.api.get("/v1/partners/new/gaps?k=100").json()["data"]
    assert "p000" not in {one["partner"] for one in found["missing"]}
    between = served.api.get("/v1/pairs/p000/new/gaps").json()["data"]
    assert (between["connected"], between["interface"]["verdict"], between["link"]) == (True, "ready", None)
    assert served.api.delete("/v1/partners/p001").status_code == 204
    served.settled()
    problem(served.api.get("/v1/partners/p001/gaps"), 404, "unknown_partner")
    assert "p001" not in served.api.get("/v1/partners/new/gaps?k=100").text
    whole = served.api.get("/v1/ecosystem/gaps").json()["data"]
    assert (whole["members"], whole["outsiders"]) == (40, 0)
    assert served.api.get("/v1/ecosystem/gaps?hub=new").json()["data"]["members"] == 2


def link():
    demand = [
        {"source": "accounts", "unit": "accounts", "count": 41.0, "lower_bound": 31.0, "by_chance": 2.0, "served": 3.0,
         "last": None, "reason": None},
        {"source": "requests", "unit": "requests", "count": 3.0, "lower_bound": 1.4, "by_chance": 0.1, "served": 0.2,
         "last": None, "reason": None},
    ]  # fmt: skip
    evidence = [{"kind": "audience", "rests_on": "shared accounts", "says": "for", "nats": 1.25}]
    return {"demand": demand, "evidence": evidence, "unlocks": {"shared_accounts": 41.0, "new_accounts": 70.0}}


def test_a_bound_key_is_told_no_number_of_accounts():
    whole, held_back = link(), link()
    assert _for(OPEN, {"missing": [whole]}, [whole]) == {"missing": [link()]}
    _for(Caller("key", frozenset({"read"}), "p000"), {}, [held_back])
    assert held_back["unlocks"] == {"shared_accounts": None, "new_accounts": None}
    told = held_back["demand"][0]
    assert {told[one] for one in ("count", "lower_bound", "by_chance", "served")} == {None}
    assert told["reason"] == "shared accounts are told at /v1/overlaps"
    assert held_back["demand"][1] == link()["demand"][1]
    assert held_back["evidence"] == [{**link()["evidence"][0], "nats": None}]
