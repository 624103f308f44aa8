"""Search, the ecosystem in numbers, and its map: as the engine tells them."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.conftest import make_partner
from tests.service.conftest import NEW, pointers, problem
from tests.service.test_matches import plain


@pytest.mark.parametrize(
    ("q", "by", "where"),
    [
        ("shipbob", "name", []),
        ("Shipbbo", "name", []),
        ("https://www.klaviyo.com/pricing", "domain", []),
        ("loop", "name", ["category=returns"]),
    ],
)
def test_a_search_is_the_engines(sample, oracle, q, by, where):
    filters = {"category": "returns"} if where else None
    expected = oracle.search(q, 5, by=by, filters=filters).rows
    told = sample.api.get("/v1/search", params={"q": q, "by": by, "k": 5, "where": where}).json()["data"]
    assert told == plain(expected) and told


def test_meaning_finds_what_says_the_same(calm):
    told = calm.api.get("/v1/search", params={"q": "loyalty for shops", "by": "meaning", "k": 4}).json()["data"]
    assert {one["categories"][0] for one in told} == {"loyalty"}
    assert {one["how"] for one in told} == {"meaning"}


def test_a_written_partner_is_found_and_a_deleted_one_is_not(served):
    served.api.post("/v1/partners", json={"id": "new", **NEW, "name": "Quixotic Drones"})
    served.api.delete("/v1/partners/p007")
    served.settled()
    first = served.api.get("/v1/search", params={"q": "quixotic"}).json()["data"][0]
    assert first["partner"] == "new"
    found = served.api.get("/v1/search", params={"q": "p007", "k": 100}).json()["data"]
    assert "p007" not in [one["partner"] for one in found]


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        ({}, "/query/q"),
        ({"q": ""}, "/query/q"),
        ({"q": "   "}, "/query/q"),
        ({"q": "x" * 501}, "/query/q"),
        ({"q": "x", "by": "colour"}, "/query/by"),
        ({"q": "x", "k": 0}, "/query/k"),
        ({"q": "x", "page": 2}, "/query/page"),
    ],
)
def test_a_wrong_search_is_told(calm, asked, where):
    assert pointers(problem(calm.api.get("/v1/search", params=asked), 422, "invalid_request")) == [where]


@pytest.mark.parametrize("where", ["relation=with", "colour=red"])
def test_a_search_has_no_partner_that_asks(calm, where):
    problem(calm.api.get("/v1/search", params={"q": "x", "where": where}), 422, "invalid_filter")


def test_the_ecosystem_counts_what_stands(served):
    served.api.post("/v1/partners", json={"id": "new", **NEW})
    served.api.delete("/v1/partners/p007")
    served.settled()
    told = served.api.get("/v1/ecosystem").json()["data"]
    standing = [make_partner(number).categories[0] for number in range(40) if number != 7] + ["drones"]
    counted = {one["name"]: one["partners"] for one in told["facets"]["categories"]}
    assert counted == dict(Counter(standing))
    assert [one["partners"] for one in told["facets"]["categories"]] == sorted(counted.values(), reverse=True)
    assert (told["partners"], told["relations"]) == (40, 3)
    assert told["model"]["version"] == served.inner.ecosystem.view.version


def test_the_map_shows_everybody_and_no_one_twice(served):
    served.api.post("/v1/partners", json={"id": "new", **NEW})
    served.settled()
    answer = served.api.get("/v1/map")
    told = answer.json()["data"]
    ids = [one["partner"] for one in told["partners"]]
    assert sorted(ids) == sorted([f"p{number:03d}" for number in range(40)] + ["new"])
    assert all(-1.0001 <= one[axis] <= 1.0001 for one in told["partners"] for axis in "xy")
    assert {(one["a"], one["b"]) for one in told["edges"]} <= {(a, b) for a in ids for b in ids}
    assert len(served.api.get("/v1/map?limit=10").json()["data"]["partners"]) == 10
    again = served.api.get("/v1/map", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("limit", [9, 2001, "all"])
def test_a_map_has_bounds(calm, limit):
    assert pointers(problem(calm.api.get(f"/v1/map?limit={limit}"), 422, "invalid_request")) == ["/query/limit"]
