"""Activity: added, never changed; an id of the client's makes a retry harmless."""

from __future__ import annotations

import pytest

from tests.service.conftest import pointers, problem

ONE = {"id": "crm-1", "from": "p000", "to": "p001", "date": "2026-05-01", "kind": "referral", "value": 5.0}


def add(api, *activities, **more):
    return api.post("/v1/activity", json={"activities": list(activities)}, **more)


def test_it_is_answered_and_listed_as_it_was_told(api):
    (told,) = add(api, ONE).json()["data"]
    assert {name: told[name] for name in ONE} == ONE
    assert told["repeated"] is False
    assert api.get("/v1/activity").json()["data"] == [told]


def test_a_retry_adds_nothing(api):
    first = add(api, ONE).json()["data"]
    (again, fresh, twice) = add(api, {**ONE, "value": 7.0}, {**ONE, "id": "crm-2"}, {**ONE, "id": "crm-2"}).json()[
        "data"
    ]
    assert again == {**first[0], "repeated": True}
    assert (fresh["repeated"], twice["repeated"]) == (False, True)
    assert [one["id"] for one in api.get("/v1/activity").json()["data"]] == ["crm-1", "crm-2"]


def test_without_an_id_each_is_another(api):
    bare = {name: value for name, value in ONE.items() if name != "id"}
    rows = add(api, bare, bare).json()["data"]
    assert len({row["id"] for row in rows}) == 2


def test_both_ends_find_it(api):
    add(
        api,
        ONE,
        {**ONE, "id": "crm-2", "from": "p002", "to": "p000"},
        {**ONE, "id": "crm-3", "from": "p002", "to": "p003"},
    )
    found = api.get("/v1/activity?partner=p000").json()["data"]
    assert [one["id"] for one in found] == ["crm-1", "crm-2"]


def test_all_or_nothing(api):
    problem(add(api, ONE, {**ONE, "id": "crm-2", "to": "nobody"}), 404, "unknown_partner")
    assert pointers(problem(add(api, ONE, {**ONE, "id": "crm-3", "to": "p000"}), 422, "invalid_request")) == [
        "/activities/1/to"
    ]
    assert api.get("/v1/activity").json()["data"] == []


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"date": "soon"}, "/activities/0/date"),
        ({"kind": "party"}, "/activities/0/kind"),
        ({"id": "x" * 65}, "/activities/0/id"),
        ({"note": "x" * 2001}, "/activities/0/note"),
        ({"from_": "p000"}, "/activities/0/from_"),
        ({"value": "much"}, "/activities/0/value"),
    ],
)
def test_a_wrong_field_is_named(api, wrong, where):
    assert where in pointers(problem(add(api, {**ONE, **wrong}), 422, "invalid_request"))


def test_a_bound_key_cannot_read_others_activity_by_its_id(served):
    add(served.api, {**ONE, "from": "p002", "to": "p003", "note": "secret"})
    bound = served.key("write", partner="p000")
    served.inner.door.refresh()
    answer = add(served.api, {**ONE, "id": "crm-1"}, headers=bound)
    problem(answer, 403, "partner_bound_key")
    assert "secret" not in answer.text
