"""A write that is asked for twice with one key is done once, whatever happens between."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.service.conftest import NEW, pointers, problem
from tests.service.test_activity import ONE


def create(api, key, body=None, **more):
    headers = {"Idempotency-Key": key, **more}
    return api.post("/v1/partners", json=body or {"id": "new", **NEW}, headers=headers)


def test_a_retry_is_answered_as_the_first_time(served):
    first = create(served.api, "k1")
    second = create(served.api, "k1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    for name in ("etag", "location", "content-type"):
        assert second.headers[name] == first.headers[name]
    assert "idempotency-replayed" not in first.headers and second.headers["idempotency-replayed"] == "true"
    assert second.headers["x-request-id"] != first.headers["x-request-id"]
    assert served.api.get("/v1/partners/new").json()["data"]["record"]["revision"] == 1


def test_a_key_is_of_one_request(api):
    create(api, "k1")
    for other in (
        create(api, "k1", {"id": "other", **NEW}),
        api.put("/v1/partners/new", json={"id": "new", **NEW}, headers={"Idempotency-Key": "k1"}),
        api.post("/v1/partners:batch", json={"id": "new", **NEW}, headers={"Idempotency-Key": "k1"}),
    ):
        if other.json()["code"] == "invalid_request":
            continue  # not read as far as its key
        assert pointers(problem(other, 422, "idempotency_key_reused")) == ["/header/Idempotency-Key"]
    assert api.get("/v1/partners/other").status_code == 404


def test_a_precondition_is_part_of_the_request(api):
    tag = api.get("/v1/partners/p000").headers["etag"]
    sent = {"json": {"name": "Once"}, "headers": {"Idempotency-Key": "k1", "If-Match": tag}}
    assert api.patch("/v1/partners/p000", **sent).status_code == 200
    again = api.patch("/v1/partners/p000", **sent)
    assert again.status_code == 200 and again.headers["idempotency-replayed"] == "true"
    bare = api.patch("/v1/partners/p000", json={"name": "Once"}, headers={"Idempotency-Key": "k1"})
    problem(bare, 422, "idempotency_key_reused")


def test_a_delete_is_replayed_too(api):
    for _ in range(2):
        assert api.delete("/v1/partners/p000", headers={"Idempotency-Key": "k1"}).status_code == 204
    problem(api.delete("/v1/partners/p000", headers={"Idempotency-Key": "k2"}), 404, "unknown_partner")


def test_a_refused_attempt_may_be_made_again(api):
    api.post("/v1/partners", json={"id": "new", **NEW})
    problem(create(api, "k1"), 409, "already_exists")
    api.delete("/v1/partners/new")
    answer = create(api, "k1")
    assert answer.status_code == 201 and "idempotency-replayed" not in answer.headers


def test_a_broken_attempt_may_be_made_again(served, monkeypatch):
    def broken(*_):
        raise RuntimeError("x")

    with monkeypatch.context() as patch:
        patch.setattr("matchmaker_service.writes.audit.note", broken)
        problem(create(served.api, "k1"), 500, "internal")
    problem(served.api.get("/v1/partners/new"), 404, "unknown_partner")
    answer = create(served.api, "k1")
    assert answer.status_code == 201 and "idempotency-replayed" not in answer.headers


def test_at_once_it_is_done_once(served):
    def add(_):
        bare = {name: value for name, value in ONE.items() if name != "id"}
        return served.api.post("/v1/activity", json={"activities": [bare]}, headers={"Idempotency-Key": "k1"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(add, range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert len(served.api.get("/v1/activity").json()["data"]) == 1


def test_keys_are_each_callers_own(served):
    ours, theirs = served.key("write"), served.key("write")
    served.inner.door.refresh()
    assert create(served.api, "k1", **ours).status_code == 201
    problem(create(served.api, "k1", **theirs), 409, "already_exists")


def test_a_replay_outlives_a_restart(start):
    first = create(start().api, "k1")
    again = create(start().api, "k1")
    assert again.content == first.content and again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("key", ["", "k" * 201, "a b", "tab\tkey"])
def test_a_key_is_a_short_text_without_blanks(api, key):
    assert pointers(problem(create(api, key), 422, "invalid_request")) == ["/header/Idempotency-Key"]


def test_a_job_is_started_once(api):
    sent = {"kind": "scores", "pairs": [{"a": "p000", "b": "p001"}]}
    answers = [api.post("/v1/jobs", json=sent, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert len(api.get("/v1/jobs").json()["data"]) == 1
