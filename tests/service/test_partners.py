"""Partners: what is written is read again, by the rules of HTTP, and recommended at once."""

from __future__ import annotations

import time

import pytest

from tests.conftest import make_partner
from tests.service.conftest import NEW, eventually, pointers, problem


def create(api, key="new", **changes):
    answer = api.post("/v1/partners", json={"id": key, **NEW, **changes})
    assert answer.status_code == 201, answer.text
    return answer


def ids(api, partner, **asked):
    answer = api.get(f"/v1/partners/{partner}/matches", params={"fields": "partner", "k": 100, **asked})
    assert answer.status_code == 200, answer.text
    return [one["partner"] for one in answer.json()["data"]]


def test_a_created_partner_is_answered_as_it_was_sent(api):
    answer = create(api)
    assert answer.headers["location"] == "/v1/partners/new"
    told = answer.json()["data"]
    assert {name: told[name] for name in NEW} == NEW
    assert told["size_band"] == "1k-10k"
    assert told["record"]["revision"] == 1 and told["record"]["source"] == "store"
    read = api.get(answer.headers["location"])
    assert read.json()["data"] == told
    assert read.headers["etag"] == answer.headers["etag"]


def test_a_built_partner_reads_as_it_was_built(api):
    told = api.get("/v1/partners/p000").json()["data"]
    record = told.pop("record")
    assert told == make_partner(0).model_dump(mode="json")
    assert record == {"revision": 0, "change": 0, "source": "bundle", "created_at": None, "updated_at": None}


@pytest.mark.parametrize("taken", ["p000", "new"])
def test_an_id_is_taken_once(api, taken):
    create(api)
    told = problem(api.post("/v1/partners", json={"id": taken, **NEW}), 409, "already_exists")
    assert pointers(told) == ["/id"]


def test_put_creates_then_replaces_everything(api):
    first = api.put("/v1/partners/new", json=NEW)
    assert (first.status_code, first.headers["location"]) == (201, "/v1/partners/new")
    second = api.put("/v1/partners/new", json={"id": "new", "name": "Renamed"})
    assert second.status_code == 200 and "location" not in second.headers
    told = api.get("/v1/partners/new").json()["data"]
    assert (told["name"], told["goals"], told["size"], told["record"]["revision"]) == ("Renamed", [], None, 2)
    assert told["record"]["created_at"] == first.json()["data"]["record"]["created_at"]


def test_put_of_another_partner_than_the_path_is_refused(api):
    told = problem(api.put("/v1/partners/new", json={"id": "other", **NEW}), 422, "invalid_request")
    assert pointers(told) == ["/id"]
    assert api.get("/v1/partners/new").status_code == 404


def test_an_id_with_odd_characters_has_a_path(api):
    answer = create(api, "a b+%ü")
    assert answer.headers["location"] == "/v1/partners/a%20b%2B%25%C3%BC"
    assert api.get(answer.headers["location"]).json()["data"]["id"] == "a b+%ü"
    assert api.delete(answer.headers["location"]).status_code == 204


def test_a_patch_merges(api):
    create(api, extra={"tier": "gold", "founded": 2001}, interface={"auth": ["oauth2"], "style": "rest"})
    change = {
        "description": None,
        "goals": ["other goals"],
        "extra": {"tier": None, "new": True},
        "interface": {"style": "graphql"},
    }
    told = api.patch("/v1/partners/new", json=change).json()["data"]
    assert (told["description"], told["goals"], told["audience"]) == ("", ["other goals"], NEW["audience"])
    assert told["extra"] == {"founded": 2001, "new": True}
    assert (told["interface"]["auth"], told["interface"]["style"]) == (["oauth2"], "graphql")
    assert told["record"]["revision"] == 2


@pytest.mark.parametrize(
    ("change", "size", "band"),
    [
        ({"size": 50}, 50, "1-100"),
        ({"size_band": "10k-100k"}, pytest.approx(31622.7766), "10k-100k"),
        ({"size": None}, None, None),
        ({"size_band": None}, None, None),
        ({"size": 7, "size_band": "1m+"}, 7, "1m+"),
        ({"name": "Renamed"}, 5000, "1k-10k"),
    ],
)
def test_size_and_band_follow_each_other(api, change, size, band):
    create(api)
    told = api.patch("/v1/partners/new", json=change).json()["data"]
    assert (told["size"], told["size_band"]) == (size, band)


def test_a_patch_cannot_take_the_name_away(api):
    create(api)
    told = problem(api.patch("/v1/partners/new", json={"name": None}), 422, "invalid_request")
    assert pointers(told) == ["/name"]
    assert api.get("/v1/partners/new").json()["data"]["record"]["revision"] == 1


def test_a_patch_of_a_built_partner_keeps_what_it_does_not_name(api):
    told = api.patch("/v1/partners/p000", json={"description": "Changed."}).json()["data"]
    assert told.pop("record")["revision"] == 1
    assert told == {**make_partner(0).model_dump(mode="json"), "description": "Changed."}


def test_only_who_has_seen_the_newest_revision_writes(api):
    tag = create(api).headers["etag"]
    good = api.patch("/v1/partners/new", json={"name": "Second"}, headers={"If-Match": tag})
    assert good.status_code == 200 and good.headers["etag"] != tag
    for write in (
        api.patch("/v1/partners/new", json={"name": "Third"}, headers={"If-Match": tag}),
        api.put("/v1/partners/new", json=NEW, headers={"If-Match": tag}),
        api.delete("/v1/partners/new", headers={"If-Match": tag}),
    ):
        assert pointers(problem(write, 412, "revision_conflict")) == ["/header/If-Match"]
    assert api.get("/v1/partners/new").json()["data"]["name"] == "Second"
    assert api.delete("/v1/partners/new", headers={"If-Match": f'"x", {good.headers["etag"]}'}).status_code == 204


def test_a_built_partner_has_a_tag_to_write_with(api):
    tag = api.get("/v1/partners/p000").headers["etag"]
    assert api.patch("/v1/partners/p000", json={"name": "Mine"}, headers={"If-Match": tag}).status_code == 200
    problem(api.patch("/v1/partners/p000", json={"name": "Yours"}, headers={"If-Match": tag}), 412, "revision_conflict")


def test_if_match_needs_something_that_stands(api):
    problem(api.put("/v1/partners/new", json=NEW, headers={"If-Match": "*"}), 412, "revision_conflict")
    assert api.put("/v1/partners/p000", json=NEW, headers={"If-Match": "*"}).status_code == 200


def test_if_none_match_creates_and_replaces_nothing(api):
    assert api.put("/v1/partners/new", json=NEW, headers={"If-None-Match": "*"}).status_code == 201
    told = problem(api.put("/v1/partners/new", json=NEW, headers={"If-None-Match": "*"}), 412, "revision_conflict")
    assert pointers(told) == ["/header/If-None-Match"]
    problem(api.put("/v1/partners/p000", json=NEW, headers={"If-None-Match": "*"}), 412, "revision_conflict")


def test_who_has_it_already_is_told_so(api):
    tag = create(api).headers["etag"]
    known = api.get("/v1/partners/new", headers={"If-None-Match": tag})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    api.patch("/v1/partners/new", json={"name": "Second"})
    assert api.get("/v1/partners/new", headers={"If-None-Match": tag}).status_code == 200


def test_a_deleted_partner_is_gone_for_all_and_may_come_again(served):
    api = served.api
    assert "p003" in ids(api, "p002", include_existing=True)
    assert api.delete("/v1/partners/p003").status_code == 204
    problem(api.get("/v1/partners/p003"), 404, "unknown_partner")
    problem(api.delete("/v1/partners/p003"), 404, "unknown_partner")
    problem(api.patch("/v1/partners/p003", json={"name": "x"}), 404, "unknown_partner")
    served.settled()
    problem(api.get("/v1/partners/p003/matches"), 404, "unknown_partner")
    problem(api.get("/v1/partners/p003/profile"), 404, "unknown_partner")
    assert "p003" not in ids(api, "p002", include_existing=True)
    again = create(api, "p003")
    assert again.json()["data"]["record"]["revision"] == 2
    served.settled()
    assert "p003" in ids(api, "p002", include_existing=True)
    assert api.get("/v1/partners/p003/profile").json()["data"]["name"] == NEW["name"]


def test_a_batch_tells_of_every_row(api):
    rows = [
        {"client_reference_id": "r0", "id": "b0", **NEW},
        {"client_reference_id": "r1", "id": "p001", **NEW},
        {"client_reference_id": "r2", "id": "b2"},
        {"client_reference_id": "r3", "id": "b0", "name": "Twice"},
        {"client_reference_id": "r4", "id": "b4", "name": "Four", "size": -1, "unknown": 1},
        {"id": "b5", "name": "Five"},
    ]
    told = api.post("/v1/partners:batch", json={"partners": rows}).json()["data"]
    assert (told["created"], told["replaced"], told["failed"]) == (2, 1, 3)
    assert [row["status"] for row in told["rows"]] == ["created", "replaced", "failed", "failed", "failed", "created"]
    assert [row["client_reference_id"] for row in told["rows"]] == ["r0", "r1", "r2", "r3", "r4", None]
    assert [row["index"] for row in told["rows"]] == list(range(6))
    assert [row["revision"] for row in told["rows"]] == [1, 1, None, None, None, 1]
    wrong = [sorted(one["pointer"] for one in row["errors"]) for row in told["rows"]]
    assert wrong == [[], [], ["/name"], ["/id"], ["/size", "/unknown"], []]
    assert api.get("/v1/partners/b0").json()["data"]["name"] == NEW["name"]
    assert api.get("/v1/partners/b4").status_code == 404


def test_a_batch_again_replaces_the_same_rows(api):
    rows = [{"id": f"b{number}", **NEW} for number in range(3)]
    assert api.post("/v1/partners:batch", json={"partners": rows}).json()["data"]["created"] == 3
    told = api.post("/v1/partners:batch", json={"partners": rows}).json()["data"]
    assert (told["created"], told["replaced"]) == (0, 3)
    assert [row["revision"] for row in told["rows"]] == [2, 2, 2]


def test_a_batch_has_an_end(api):
    rows = [{"id": f"b{number}", "name": "x"} for number in range(1001)]
    assert pointers(problem(api.post("/v1/partners:batch", json={"partners": rows}), 422, "invalid_request")) == [
        "/partners"
    ]
    problem(api.post("/v1/partners:batch", json={"partners": []}), 422, "invalid_request")


def test_a_batch_without_a_good_row_writes_nothing(api):
    told = api.post("/v1/partners:batch", json={"partners": [{"id": "b0"}]}).json()
    assert told["data"]["failed"] == 1 and told["data"]["created"] == 0


def test_a_written_partner_is_recommendable_at_once(api):
    create(api)
    assert len(ids(api, "new", k=5)) == 5
    assert api.get("/v1/pairs/new/p000").status_code == 200
    assert api.get("/v1/partners/new/profile").json()["data"]["stated"]["name"] == "New House"
    scored = api.post("/v1/scores:batch", json={"pairs": [{"a": "p000", "b": "new"}]}).json()["data"]
    assert scored[0]["status"] == "ok"


def test_a_written_partner_is_in_the_lists_of_others_within_two_seconds(api):
    assert "new" not in ids(api, "p006")
    create(api)
    begun = time.monotonic()
    eventually(lambda: "new" in ids(api, "p006"), 2.0)
    assert time.monotonic() - begun < 2.0


def test_a_changed_partner_changes_in_answers_within_two_seconds(api):
    create(api)
    eventually(lambda: "new" in ids(api, "p006", where="category=drones"), 2.0)
    api.patch("/v1/partners/new", json={"categories": ["kites"]})
    eventually(lambda: "new" in ids(api, "p006", where="category=kites"), 2.0)
    assert ids(api, "p006", where="category=drones") == []


def test_the_read_profile_changes_its_tag_with_what_it_tells(served):
    first = served.api.get("/v1/partners/p000/profile")
    tag = first.headers["etag"]
    assert served.api.get("/v1/partners/p000/profile", headers={"If-None-Match": tag}).status_code == 304
    served.api.patch("/v1/partners/p000", json={"name": "Changed"})
    served.settled()
    second = served.api.get("/v1/partners/p000/profile", headers={"If-None-Match": tag})
    assert second.status_code == 200 and second.json()["data"]["name"] == "Changed"


def test_the_relations_of_a_deleted_partner_go_with_it(start, url):
    served = start(database=url)
    built = served.api.get("/v1/relations", params={"partner": "p000", "limit": 200}).json()["data"]
    served.api.put("/v1/partners/new", json=NEW)
    made = {"a": "p000", "b": "new", "type": "partnership"}
    served.api.post("/v1/relations", json={"relations": [made]})
    everybody = served.api.get("/v1/relations", params={"limit": 200}).json()["data"]
    assert served.api.delete("/v1/partners/p000").status_code == 204
    left = served.api.get("/v1/relations", params={"limit": 200}).json()["data"]
    assert built and len(everybody) - len(left) == len(built) + 1
    assert all("p000" not in (one["a"], one["b"]) for one in left)
    served.api.put("/v1/partners/p000", json=NEW)
    assert served.api.get("/v1/relations", params={"partner": "p000"}).json()["data"] == []


@pytest.mark.parametrize("change", [{"goals": ["better drones for shops"]}, {"name": "Other"}])
def test_a_question_about_a_partner_that_was_just_changed_waits_for_it(start, change):
    served = start(poll_seconds=1.5)
    for _ in range(3):
        served.api.patch("/v1/partners/p000", json=change)
        number = served.inner.database.newest()
        assert served.api.get("/v1/partners/p000/matches").json()["meta"]["change"] == number
        served.api.patch("/v1/partners/p000", json={"goals": ["better tax for shops"], "name": "Back"})
        number = served.inner.database.newest()
        assert served.api.get("/v1/partners/p000/matches?k=3").json()["meta"]["change"] >= number


def test_a_name_says_something(api):
    for blank in ("", "   ", "\t"):
        assert pointers(problem(api.put("/v1/partners/new", json={"name": blank}), 422, "invalid_request")) == ["/name"]
