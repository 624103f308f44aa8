"""Problems: every code there is, and nothing but a problem whatever is sent."""

from __future__ import annotations

import json
import re

import pytest

from matchmaker import errors
from matchmaker.config import PriorWeights
from matchmaker_service.problems import STATUS
from tests.conftest import ROOT
from tests.service.conftest import NEW, pointers, problem

JSON = {"content-type": "application/json"}
NO_JOB, NO_RELATION = "/v1/jobs/" + "0" * 32, "/v1/relations/" + "0" * 32
HERE = {
    "malformed_request": lambda api: api.post("/v1/partners", content="{", headers=JSON),
    "not_found": lambda api: api.get("/nothing"),
    "unknown_partner": lambda api: api.get("/v1/partners/nobody"),
    "unknown_relation": lambda api: api.get(NO_RELATION),
    "unknown_job": lambda api: api.get(NO_JOB),
    "unknown_model": lambda api: api.get("/v1/models/nothing"),
    "method_not_allowed": lambda api: api.delete("/v1/partners"),
    "already_exists": lambda api: api.post("/v1/partners", json={"id": "p000", **NEW}),
    "nothing_to_roll_back": lambda api: api.post("/v1/models:rollback"),
    "revision_conflict": lambda api: api.delete("/v1/partners/p000", headers={"If-Match": '"x"'}),
    "body_too_large": lambda api: api.post("/v1/partners", content=b"x" * ((8 << 20) + 1), headers=JSON),
    "unsupported_media_type": lambda api: api.post(
        "/v1/partners", content="{}", headers={"content-type": "text/plain"}
    ),
    "invalid_request": lambda api: api.post("/v1/partners", json={}),
    "invalid_filter": lambda api: api.get("/v1/partners/p000/matches?where=colour=red"),
    "invalid_setting": lambda api: api.post(
        "/v1/matches:query", json={"partner": "p000", "weights": dict.fromkeys(PriorWeights.model_fields, 0)}
    ),
    "invalid_cursor": lambda api: api.get("/v1/partners?cursor=x"),
    "invalid_recommendation_id": lambda api: api.post(
        "/v1/feedback", json={"recommendation_id": "x", "outcome": "accepted"}
    ),
}
"""One request for each code that one request provokes."""
ELSEWHERE = {
    "key_missing": "test_auth.py",
    "key_invalid": "test_auth.py",
    "scope_missing": "test_auth.py",
    "rate_limited": "test_auth.py",
    "partner_bound_key": "test_bound_keys.py",
    "request_timeout": "test_front.py",
    "overloaded": "test_front.py",
    "cursor_expired": "test_overlay.py",
    "job_finished": "test_jobs.py",
    "job_not_finished": "test_jobs.py",
    "bundle_corrupt": "test_models.py",
    "gate_refused": "test_models.py",
    "idempotency_key_reused": "test_idempotency.py",
    "not_ready": "test_health.py",
    "internal": "test_idempotency.py",
}
RAISED = {
    errors.InputError: "invalid_input",
    errors.CatalogueError: "invalid_input",
    errors.StateError: "not_ready",
    errors.NotFittedError: "not_fitted",
    errors.EncoderError: "encoder_unusable",
    errors.MissingExtraError: "missing_extra",
    errors.StorageError: "storage_failed",
    errors.StoreError: "store_unavailable",
    errors.BundleError: "bundle_unusable",
    errors.BundleMissingError: "bundle_missing",
    errors.BundleVersionError: "bundle_version",
    errors.BundleCorruptError: "bundle_corrupt",
    errors.InternalError: "internal",
    errors.MatchmakerError: "internal",
}
"""What the engine and the store raise, and no request alone can make them."""


def every_error(kind=errors.MatchmakerError):
    return {kind}.union(*(every_error(one) for one in kind.__subclasses__()))


def test_every_code_is_provoked_somewhere(request):
    assert set(STATUS) == set(HERE) | set(ELSEWHERE) | set(RAISED.values())
    for code, name in ELSEWHERE.items():
        assert f'"{code}"' in (request.path.parent / name).read_text(), code


@pytest.mark.parametrize("code", HERE)
def test_each_is_answered_with_its_problem(api, code):
    told = problem(HERE[code](api), STATUS[code], code)
    assert told["detail"].endswith((".", "?")) and told["title"]


@pytest.mark.parametrize("kind", RAISED, ids=lambda kind: kind.__name__)
def test_what_the_engine_raises_has_a_code(calm, monkeypatch, kind):
    async def fails(_):
        raise kind("of /secret/folder")

    monkeypatch.setattr(calm.inner.work, "score", fails)
    answer = calm.api.get("/v1/ecosystem")
    problem(answer, STATUS[RAISED[kind]], RAISED[kind])
    assert ("retry-after" in answer.headers) == (STATUS[RAISED[kind]] == 503)
    if issubclass(kind, errors.StoreError | errors.StorageError | errors.InternalError):
        assert "secret" not in answer.text


def test_every_error_there_is_has_a_code_over_http():
    """Of its own, or one of a wider kind: a new error without an entry fails here."""
    wider = {
        "catalogue_unusable": "invalid_input",
        "column_missing": "invalid_input",
        "invalid_openapi": "invalid_input",
    }
    kinds = [kind for kind in every_error() if kind.__module__ == "matchmaker.errors"]
    assert len(kinds) > 15
    assert {kind.code for kind in kinds} <= {*STATUS, *wider, "error"}


def test_what_breaks_says_nothing_of_itself(calm, monkeypatch):
    async def fails(_):
        raise RuntimeError("the secret")

    monkeypatch.setattr(calm.inner.work, "score", fails)
    answer = calm.api.get("/v1/ecosystem")
    problem(answer, 500, "internal")
    assert "secret" not in answer.text and "RuntimeError" not in answer.text


def test_a_refusal_names_only_known_codes():
    root = ROOT / "service" / "matchmaker_service"
    named = {
        code for path in root.rglob("*.py") for code in re.findall(r'(?:Refused|problem)\(\s*"(\w+)"', path.read_text())
    }
    assert len(named) > 20 and named <= set(STATUS)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/partners", {"GET", "POST"}),
        ("POST", "/v1/partners/p000", {"GET", "PUT", "PATCH", "DELETE"}),
        ("GET", "/v1/matches:query", {"POST"}),
        ("OPTIONS", "/v1/search", {"GET"}),
        ("TRACE", "/v1/jobs", {"GET", "POST"}),
        ("PUT", "/v1/models:rollback", {"POST"}),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(calm, method, path, allowed):
    answer = calm.api.request(method, path)
    problem(answer, 405, "method_not_allowed")
    assert set(answer.headers["allow"].replace(" ", "").split(",")) == allowed


BAD = {
    "nothing": (b"", 422),
    "half": (b'{"id":', 400),
    "no json": (b"id=x", 400),
    "not utf-8": (b'{"id":"\xff"}', 400),
    "deep": (b"[" * 100_000 + b"]" * 100_000, 400),
    "digits": (b'{"id":"x","name":"X","size":' + b"9" * 5000 + b"}", 400),
    "array": (b"[]", 422),
    "null": (b"null", 422),
    "text": (b'"x"', 422),
    "surrogate key": (rb'{"id":"x","name":"X","\ud800":1}', 422),
    "surrogate": (rb'{"id":"x\ud800","name":"X"}', 422),
    "surrogate in extra": (rb'{"id":"x","name":"X","extra":{"\ud800":"\ud800"}}', 422),
    "nul": (rb'{"id":"x","name":"\u0000"}', 422),
    "nul in a list": (rb'{"id":"x","name":"X","goals":["\u0000"]}', 422),
    "not a number": (b'{"id":"x","name":"X","size":NaN}', 422),
    "infinite": (b'{"id":"x","name":"X","extra":{"a":Infinity}}', 422),
    "too large a number": (b'{"id":"x","name":"X","size":' + b"9" * 400 + b"}", 422),
    "deep extra": (b'{"id":"x","name":"X","extra":{"a":' + b"[" * 400 + b"]" * 400 + b"}}", 422),
    "wrong types": (b'{"id":1,"name":["x"],"goals":"x","size":"big","as_of":1.5}', 422),
    "too long": (b'{"id":"x","name":"' + b"x" * 501 + b'"}', 422),
    "too many": (b'{"id":"x","name":"X","goals":' + json.dumps(["x"] * 201).encode() + b"}", 422),
    "slash": (b'{"id":"a/b","name":"X"}', 422),
    "dots": (b'{"id":"..","name":"X"}', 422),
    "blank": (b'{"id":" ","name":"X"}', 422),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_body_is_a_problem_and_writes_nothing(calm, name):
    body, status = BAD[name]
    answer = calm.api.post("/v1/partners", content=body, headers=JSON)
    problem(answer, status, "malformed_request" if status == 400 else "invalid_request")
    assert len(answer.content) < 10_000
    assert calm.inner.database.newest() == 0


def test_every_wrong_field_is_pointed_at(calm):
    sent = {
        "id": "x",
        "name": "X",
        "goals": ["ok", 7],
        "extra": {"a~b/c": {}},
        "interface": {"auth": [1]},
        "unknown": 1,
    }
    told = problem(calm.api.post("/v1/partners", json=sent), 422, "invalid_request")
    assert set(pointers(told)) == {"/goals/1", "/extra/a~0b~1c", "/interface/auth/0", "/unknown"}
    assert pointers(problem(calm.api.post("/v1/partners", json={"id": "x"}), 422, "invalid_request")) == ["/name"]


MARK = "MARK7331"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        (
            "POST",
            "/v1/partners",
            {"id": f"{MARK}/x", "name": MARK * 100, "size": MARK, "as_of": MARK, "goals": [[MARK]]},
        ),
        ("PATCH", "/v1/partners/p000", {"size_band": MARK}),
        ("POST", "/v1/scores:batch", {"pairs": [{"a": MARK, "b": [MARK]}]}),
        ("POST", "/v1/jobs", {"kind": MARK}),
        ("POST", "/v1/relations", {"relations": [{"a": MARK, "b": "p000", "type": MARK}]}),
        ("POST", "/v1/feedback", {"recommendation_id": MARK, "outcome": MARK}),
        ("POST", "/v1/feedback", {"recommendation_id": MARK, "outcome": "accepted"}),
        ("GET", f"/v1/partners/{MARK}", None),
        ("GET", f"/v1/partners/{MARK}/matches?k={MARK}", None),
        ("GET", f"/{MARK}", None),
        ("GET", f"/v1/models/{MARK}", None),
        ("GET", f"/v1/partners?cursor={MARK}", None),
        ("GET", f"/v1/search?q=x&by={MARK}", None),
        (MARK, "/v1/search", None),
    ],
)
def test_no_problem_repeats_what_was_sent(calm, method, path, body):
    answer = calm.api.request(method, path, json=body)
    assert answer.status_code in (404, 405, 422)
    assert MARK not in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/partners/%2e%2e", 422),
        ("/v1/partners/%2e", 422),
        ("/v1/partners/%00", 422),
        ("/v1/partners/%0a", 422),
        ("/v1/partners/a%5cb", 422),
        ("/v1/partners/a%2Fb", 404),
        ("/v1/partners/..%2f..%2fetc%2fpasswd", 404),
        ("/v1/partners/" + "a" * 201, 422),
        ("/v1/partners/%ff", 404),
        ("/v1/models/%2e%2e", 422),
        ("/v1/models/..%2f..", 404),
        ("/v1/models/current", 404),
        ("/v1/jobs/..%2f..", 404),
        ("/v1/jobs/%2e%2e/result", 422),
        ("/v1/relations/x", 422),
        ("/ui/..%2f..%2fsettings.py", 422),
        ("/ui/%2e%2e/%2e%2e/app.py", 422),
        ("/ui/views/..%2f..%2f..%2fapp.py", 404),
        ("/docs/..%2fpage.py", 404),
        ("/docs/swagger-ui.js", 404),
    ],
)
def test_a_path_leads_nowhere_but_where_it_should(calm, path, status):
    answer = calm.api.get(path)
    assert answer.status_code == status, answer.text
    problem(answer, status, answer.json()["code"])


SQL = "x'; DROP TABLE partners; --\" OR 1=1 %s :a"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/search", "q"),
        ("/v1/relations", "partner"),
        ("/v1/activity", "partner"),
        ("/v1/feedback", "partner"),
        ("/v1/audit", "owner"),
        ("/v1/audit", "action"),
        ("/v1/audit", "target"),
    ],
)
def test_sql_is_a_text_as_any_other(api, path, name):
    api.put("/v1/partners/new", json=NEW)
    answer = api.get(path, params={name: SQL})
    assert (answer.status_code, answer.json()["data"]) == (200, [])
    assert api.get("/v1/partners/new").status_code == 200


def test_sql_is_kept_as_it_was_sent(api):
    key = SQL.replace("/", "")
    sent = {**NEW, "name": SQL, "goals": [SQL], "extra": {SQL: SQL}}
    assert api.post("/v1/partners", json={"id": key, **sent}).status_code == 201
    told = [one for one in api.get("/v1/partners?limit=200").json()["data"] if one["id"] == key]
    assert [(one["name"], one["goals"], one["extra"]) for one in told] == [(SQL, [SQL], {SQL: SQL})]
    assert api.get("/v1/accounts", params={"partner": key}).json()["data"] == []
    assert api.get("/v1/accounts", params={"partner": key + "2"}).status_code == 404
    activity = {"id": SQL, "from": key, "to": "p000", "date": "2026-01-01", "note": SQL}
    assert api.post("/v1/activity", json={"activities": [activity]}).json()["data"][0]["note"] == SQL
    assert [one["id"] for one in api.get("/v1/activity", params={"partner": key}).json()["data"]] == [SQL]
    assert (
        api.post("/v1/partners", json={"id": "b", **NEW}, headers={"Idempotency-Key": SQL.replace(" ", "")}).status_code
        == 201
    )


def test_odd_values_in_rows_of_a_batch_harm_no_other(api):
    rows = (
        rb'[{"id":"a","name":"A","client_reference_id":"\ud800"},{"id":"b","name":"B","\ud800":1},{"id":{},"name":[]}]'
    )
    answer = api.post("/v1/partners:batch", content=b'{"partners":' + rows + b"}", headers=JSON)
    assert [row["status"] for row in answer.json()["data"]["rows"]] == ["created", "failed", "failed"]


@pytest.mark.parametrize("value", [rb'"\ud800"', b"9" * 30, b"[" * 600 + b"]" * 600], ids=["half", "huge", "deep"])
def test_filters_that_cannot_be_told_are_refused(calm, value):
    sent = b'{"partner":"p000","filters":{"category":' + value + b"}}"
    answer = calm.api.post("/v1/matches:query", content=sent, headers=JSON)
    assert pointers(problem(answer, 422, "invalid_request")) == ["/filters"]


def test_a_query_parameter_that_stands_twice_is_refused(api):
    told = problem(
        api.get("/v1/partners/p000/matches?k=3&k=4&where=size>=1&where=category=email"), 422, "invalid_request"
    )
    assert pointers(told) == ["/query/k"]
    assert api.get("/v1/partners/p000/matches?where=size>=1&where=category=email").status_code == 200
