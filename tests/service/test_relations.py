"""Relations: what is known of two partners, and what it does to their lists."""

from __future__ import annotations

import pytest

from matchmaker import Relation
from matchmaker.store.relations import relation_id
from tests.service.conftest import pointers, problem
from tests.service.test_partners import create, ids

BUILT = [
    Relation(a="p000", b="p010", type="competitor", status="active"),
    Relation(a="p000", b="p001", type="integration", status="active"),
    Relation(a="p002", b="p003", type="partnership", status="ended"),
]


def put(api, *relations):
    return api.post("/v1/relations", json={"relations": list(relations)})


def listed(api, **asked):
    answer = api.get("/v1/relations", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_built_relations_are_listed_in_the_order_of_their_ids(api):
    expected = [{"id": relation_id(one), "revision": 0, **one.model_dump(mode="json")} for one in BUILT]
    assert listed(api) == sorted(expected, key=lambda one: one["id"])
    assert {one["id"] for one in listed(api, partner="p000")} == {relation_id(BUILT[0]), relation_id(BUILT[1])}
    assert listed(api, partner="p001")[0]["id"] == relation_id(BUILT[1])
    assert listed(api, partner="p020") == []


def test_a_written_relation_stands_and_is_read_by_its_id(api):
    sent = {
        "a": "p020",
        "b": "p021",
        "type": "partnership",
        "status": "active",
        "started_on": "2026-01-02",
        "source": "crm",
    }
    (told,) = put(api, sent).json()["data"]
    assert {name: told[name] for name in sent} == sent and told["revision"] == 1
    assert api.get(f"/v1/relations/{told['id']}").json()["data"] == told
    (again,) = put(api, {**sent, "a": "p021", "b": "p020", "status": "ended"}).json()["data"]
    assert (again["id"], again["revision"], again["status"]) == (told["id"], 2, "ended")
    assert len(listed(api)) == 4


def test_direction_and_type_make_it_another_relation(api):
    one = {"a": "p020", "b": "p021", "type": "integration", "directed": True}
    rows = put(api, one, {**one, "a": "p021", "b": "p020"}, {**one, "type": "competitor"}).json()["data"]
    assert len({row["id"] for row in rows}) == 3


def test_a_built_relation_is_replaced_and_deleted(api):
    key = relation_id(BUILT[1])
    (told,) = put(api, {"a": "p000", "b": "p001", "type": "integration", "status": "ended"}).json()["data"]
    assert (told["id"], told["revision"]) == (key, 1)
    assert len(listed(api)) == 3
    assert api.delete(f"/v1/relations/{key}").status_code == 204
    problem(api.get(f"/v1/relations/{key}"), 404, "unknown_relation")
    problem(api.delete(f"/v1/relations/{key}"), 404, "unknown_relation")
    assert key not in {one["id"] for one in listed(api)} and len(listed(api)) == 2
    (told,) = put(api, {"a": "p000", "b": "p001", "type": "integration"}).json()["data"]
    assert told["id"] == key and len(listed(api)) == 3


def test_who_is_connected_is_not_recommended_again(served):
    assert "p001" not in ids(served.api, "p000")
    served.api.delete(f"/v1/relations/{relation_id(BUILT[1])}")
    served.settled()
    assert "p001" in ids(served.api, "p000")
    put(served.api, {"a": "p001", "b": "p000", "type": "partnership", "status": "active"})
    served.settled()
    assert "p001" not in ids(served.api, "p000")
    assert "p001" in ids(served.api, "p000", include_existing=True)


def test_both_ends_must_stand_and_differ_and_nothing_is_written_else(api):
    good = {"a": "p020", "b": "p021", "type": "partnership"}
    problem(put(api, good, {**good, "b": "nobody"}), 404, "unknown_partner")
    assert pointers(problem(put(api, good, {**good, "b": "p020"}), 422, "invalid_request")) == ["/relations/1"]
    assert pointers(problem(put(api, good, {**good, "a": "p021", "b": "p020"}), 422, "invalid_request")) == [
        "/relations/1"
    ]
    assert len(listed(api)) == 3


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"type": "friends"}, "/relations/0/type"),
        ({"status": "great"}, "/relations/0/status"),
        ({"started_on": "yesterday"}, "/relations/0/started_on"),
        ({"weight": -1}, "/relations/0/weight"),
        ({"a": ""}, "/relations/0/a"),
        ({"colour": "red"}, "/relations/0/colour"),
    ],
)
def test_a_wrong_field_is_named(api, wrong, where):
    sent = {"a": "p020", "b": "p021", "type": "partnership", **wrong}
    assert pointers(problem(put(api, sent), 422, "invalid_request")) == [where]


def test_relations_of_a_partner_that_was_just_written(served):
    create(served.api)
    put(served.api, {"a": "new", "b": "p006", "type": "partnership", "status": "active"})
    served.settled()
    assert "p006" not in ids(served.api, "new")
    assert [one["b"] for one in listed(served.api, partner="new")] == ["p006"]


def test_relations_go_with_a_partner_that_is_deleted(served):
    def known():
        told = served.api.get("/v1/partners/p000/profile").json()["data"]["relations"]
        return sorted(one["partner"] for one in told)

    assert known() == ["p001", "p010"]
    served.api.delete("/v1/partners/p001")
    served.settled()
    assert known() == ["p010"]
    assert served.api.get("/v1/ecosystem").json()["data"]["relations"] == 2


def test_every_unknown_end_is_pointed_at(api):
    sent = [{"a": "p000", "b": "p001", "type": "integration"}, {"a": "p002", "b": "nope", "type": "integration"},
            {"a": "nobody", "b": "p001", "type": "integration"}]  # fmt: skip
    told = problem(api.post("/v1/relations", json={"relations": sent}), 404, "unknown_partner")
    assert pointers(told) == ["/relations/1/b", "/relations/2/a"]
