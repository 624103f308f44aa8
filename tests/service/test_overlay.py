"""What stands, against a dict: random writes and deletes over built partners and relations, read by pages of any length."""

from __future__ import annotations

import random
import time

import pytest

from matchmaker import Relation
from matchmaker.store.relations import relation_id
from tests.conftest import make_partner
from tests.service.conftest import NEW, problem

BUILT = [("p000", "p010", "competitor"), ("p000", "p001", "integration"), ("p002", "p003", "partnership")]


def pages(api, path, limit, **asked):
    """All rows, page by page."""
    found, where = [], path
    params = {"limit": limit, **asked}
    while where:
        answer = api.get(where, params=params)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        shown = told["pagination"]
        assert len(told["data"]) <= limit and shown["limit"] == limit
        assert shown["has_more"] == (shown["next_cursor"] is not None) == (shown["next_href"] is not None)
        assert ("link" in answer.headers) == shown["has_more"]
        if shown["has_more"]:
            assert answer.headers["link"] == f'<{shown["next_href"]}>; rel="next"' and len(told["data"]) == limit
        found += told["data"]
        where, params = shown["next_href"], None
    return found


@pytest.mark.parametrize("seed", [0])
def test_partners_stand_as_a_dict_of_them(api, seed):
    chance = random.Random(seed)
    oracle = {f"p{number:03d}": (make_partner(number).name, 0) for number in range(40)}
    written = {}
    names = [*oracle, "P000", "a new", "p0005", "zz", "Ünïque", "p039~"]
    for step in range(60):
        key = chance.choice(names)
        if chance.random() < 0.45:
            gone = api.delete(f"/v1/partners/{key}").status_code
            assert gone == (204 if key in oracle else 404)
            if oracle.pop(key, None):
                written[key] = written.get(key, 0) + 1
        else:
            answer = api.put(f"/v1/partners/{key}", json={**NEW, "name": f"Name {step}"})
            assert answer.status_code == (200 if key in oracle else 201)
            written[key] = written.get(key, 0) + 1
            oracle[key] = (f"Name {step}", written[key])
    expected = [(key, *oracle[key]) for key in sorted(oracle)]
    for limit in (1, 7, 13, 200):
        rows = pages(api, "/v1/partners", limit)
        assert [(row["id"], row["name"], row["record"]["revision"]) for row in rows] == expected
    for key in names:
        answer = api.get(f"/v1/partners/{key}")
        assert answer.status_code == (200 if key in oracle else 404)
        if key in oracle:
            assert answer.json()["data"]["name"] == oracle[key][0]


@pytest.mark.parametrize("seed", [0])
def test_relations_stand_as_a_dict_of_them(api, seed):
    chance = random.Random(seed)
    oracle = {relation_id(Relation(a=a, b=b, type=kind)): {a, b} for a, b, kind in BUILT}
    possible = [
        *BUILT,
        ("p000", "p003", "partnership"),
        ("p001", "p002", "integration"),
        ("p000", "p002", "acquisition"),
    ]
    for _ in range(30):
        a, b, kind = chance.choice(possible)
        key = relation_id(Relation(a=a, b=b, type=kind))
        if chance.random() < 0.5:
            assert api.delete(f"/v1/relations/{key}").status_code == (204 if oracle.pop(key, None) else 404)
        else:
            sent = {"a": a, "b": b, "type": kind}
            assert api.post("/v1/relations", json={"relations": [sent]}).status_code == 200
            oracle[key] = {a, b}
        for limit, partner in ((1, None), (2, "p000"), (200, "p002")):
            rows = pages(api, "/v1/relations", limit, **({"partner": partner} if partner else {}))
            assert [row["id"] for row in rows] == sorted(
                key for key, ends in oracle.items() if partner in (None, *ends)
            )


def test_a_page_goes_on_where_it_stood_whatever_happens_meanwhile(api):
    first = api.get("/v1/partners?limit=3").json()
    assert [row["id"] for row in first["data"]] == ["p000", "p001", "p002"]
    api.delete("/v1/partners/p002")
    api.delete("/v1/partners/p003")
    api.put("/v1/partners/p0005", json=NEW)
    api.put("/v1/partners/p0041", json=NEW)
    second = api.get(first["pagination"]["next_href"]).json()
    assert [row["id"] for row in second["data"]] == ["p004", "p0041", "p005"]


def test_a_cursor_is_of_its_own_list(served):
    api = served.api
    cursor = api.get("/v1/partners?limit=3").json()["pagination"]["next_cursor"]
    ours = api.get("/v1/relations?limit=1&partner=p000").json()["pagination"]["next_cursor"]
    assert api.get("/v1/partners", params={"cursor": cursor, "limit": 9}).status_code == 200
    for path, asked in (
        ("/v1/relations", {"cursor": cursor}),
        ("/v1/relations", {"cursor": ours}),
        ("/v1/relations", {"cursor": ours, "partner": "p002"}),
        ("/v1/partners", {"cursor": cursor[:-2] + "AA"}),
        ("/v1/partners", {"cursor": "'; DROP TABLE partners; --"}),
        ("/v1/partners", {"cursor": "é"}),
        ("/v1/partners", {"cursor": ""}),
    ):
        problem(api.get(path, params=asked), 422, "invalid_cursor")


def test_a_cursor_expires(start):
    api = start(cursor_hours=1e-9).api
    href = api.get("/v1/partners?limit=3").json()["pagination"]["next_href"]
    time.sleep(1.1)  # the end of a cursor is told in whole seconds
    problem(api.get(href), 409, "cursor_expired")


@pytest.mark.parametrize("limit", [0, 201, -1, "all"])
def test_a_page_has_bounds(api, limit):
    problem(api.get(f"/v1/partners?limit={limit}"), 422, "invalid_request")
