"""Who may ask: keys, their scopes and ends, how often, and what never shows."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from matchmaker.errors import SettingsError
from matchmaker.store import keys
from matchmaker.store.database import Database
from matchmaker_service import auth
from tests.service.conftest import NEW, eventually, pointers, problem

PATHS = {"read": ("GET", "/v1/partners/p000"), "write": ("DELETE", "/v1/partners/p000"), "admin": ("GET", "/v1/audit")}


@pytest.fixture
def guarded(served):
    """A service that asks for keys."""
    served.first = served.key("read")
    served.inner.door.refresh()
    return served


def test_on_loopback_it_is_open_until_a_key_is_made(served):
    api = served.api
    assert all(api.request(*path).status_code < 300 for path in PATHS.values())
    assert {one["owner"] for one in api.get("/v1/audit").json()["data"]} == {"open"}
    headers = served.key("admin")
    eventually(lambda: api.get("/v1/partners/p001").status_code == 401, 2)
    assert api.get("/v1/partners/p001", headers=headers).status_code == 200
    keys.revoke(served.inner.database, keys.every(served.inner.database)[0].id)
    served.inner.door.refresh()
    problem(api.get("/v1/partners/p001"), 401, "key_missing")  # who has made a key once wants no open door again


def test_an_open_service_may_ask_for_keys_all_the_same(start):
    problem(start(auth="required").api.get("/v1/partners/p000"), 401, "key_missing")


def test_off_loopback_it_does_not_start_without_a_key(start, tmp_path):
    with pytest.raises(SettingsError, match="keys create"):
        start(host="0.0.0.0")
    database = Database(f"sqlite:///{tmp_path}/data/matchmaker.sqlite")
    key, secret = keys.create(database, "x", ["read"])
    api = start(host="0.0.0.0").api
    problem(api.get("/v1/partners/p000"), 401, "key_missing")
    assert api.get("/v1/partners/p000", headers={"X-API-Key": secret}).status_code == 200
    keys.revoke(database, key.id)
    with pytest.raises(SettingsError):
        start(host="0.0.0.0")
    database.close()


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}, {"X-API-Key": ""}]
)
def test_without_a_key_it_is_said_how_to_send_one(guarded, headers):
    answer = guarded.api.get("/v1/partners/p000", headers=headers)
    problem(answer, 401, "key_missing")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "secret", ["x", "mm_", "mm_a_b", "mm_000000000000_" + "a" * 43, "é", "mm_" + "x" * 5000, "' OR 1=1 --"]
)
def test_a_wrong_key_opens_nothing(guarded, secret):
    for headers in ({"X-API-Key": secret.encode()}, {"Authorization": b"Bearer " + secret.encode()}):
        answer = guarded.api.get("/v1/partners/p000", headers=headers)
        problem(answer, 401, "key_invalid")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_key_comes_by_either_header(guarded):
    secret = guarded.first["X-API-Key"]
    assert guarded.api.get("/v1/partners/p000", headers={"Authorization": f"bearer {secret}"}).status_code == 200
    assert guarded.api.get("/v1/partners/p000", headers={"X-API-Key": secret}).status_code == 200
    assert (
        guarded.api.get("/v1/partners/p000/matches", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    )
    altered = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    problem(guarded.api.get("/v1/partners/p000", headers={"X-API-Key": altered}), 401, "key_invalid")


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        (["read"], {"read"}),
        (["write"], {"read", "write"}),
        (["admin"], {"read", "write", "admin"}),
        (["read", "write"], {"read", "write"}),
    ],
)
def test_each_scope_allows_what_it_says(guarded, scopes, allowed):
    headers = guarded.key(*scopes)
    for scope, path in PATHS.items():
        answer = guarded.api.request(*path, headers=headers)
        if scope in allowed:
            assert answer.status_code < 300, answer.text
        else:
            problem(answer, 403, "scope_missing")


def test_a_revoked_key_opens_nothing_within_two_seconds(guarded, monkeypatch):
    monkeypatch.setattr(auth, "_FRESH", 0.2)
    headers = guarded.key("read")
    assert guarded.api.get("/v1/partners/p000", headers=headers).status_code == 200
    newest = keys.every(guarded.inner.database)[-1]
    assert keys.revoke(guarded.inner.database, newest.id)
    eventually(lambda: guarded.api.get("/v1/partners/p000", headers=headers).status_code == 401, 2)


def test_an_expired_key_opens_nothing(guarded):
    at = dt.datetime.now(dt.UTC)
    headers = guarded.key("read", expires=at + dt.timedelta(hours=1))
    assert guarded.api.get("/v1/partners/p000", headers=headers).status_code == 200
    headers = guarded.key("read", expires=at - dt.timedelta(seconds=1))
    problem(guarded.api.get("/v1/partners/p000", headers=headers), 401, "key_invalid")


def test_wrong_keys_are_soon_sent_away_and_right_ones_are_not(guarded):
    for _ in range(30):
        problem(guarded.api.get("/v1/partners/p000", headers={"X-API-Key": "mm_a_b"}), 401, "key_invalid")
    answer = guarded.api.get("/v1/partners/p000", headers={"X-API-Key": "mm_a_c"})
    problem(answer, 429, "rate_limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 61
    assert guarded.api.get("/v1/partners/p000", headers=guarded.first).status_code == 200


def test_each_key_has_its_rate(start):
    served = start(rate_limit="3/minute")
    one, other = served.key("read"), served.key("read")
    served.inner.door.refresh()
    for _ in range(3):
        assert served.api.get("/v1/partners/p000", headers=one).status_code == 200
    answer = served.api.get("/v1/partners/p000", headers=one)
    problem(answer, 429, "rate_limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 61
    assert served.api.get("/v1/partners/p000", headers=other).status_code == 200
    assert served.api.get("/livez").status_code == 200


def test_a_list_of_matches_counts_once(start):
    served = start(rate_limit="5/minute")
    headers = served.key("read")
    served.inner.door.refresh()
    answers = [served.api.get(f"/v1/partners/p00{number}/matches", headers=headers) for number in (1, 1, 2, 2, 3)]
    assert [answer.status_code for answer in answers] == [200] * 5
    problem(served.api.get("/v1/partners/p003/matches", headers=headers), 429, "rate_limited")


def test_an_open_service_counts_nobody(start):
    api = start(rate_limit="1/hour").api
    assert [api.get("/v1/partners/p000").status_code for _ in range(3)] == [200] * 3


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz", "/", "/docs", "/openapi.json"])
def test_health_and_pages_need_no_key(guarded, path):
    assert guarded.api.get(path).status_code == 200


def test_every_other_route_needs_one(guarded):
    document = guarded.app.openapi()
    tried = 0
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            if path in ("/livez", "/readyz", "/healthz"):
                assert "security" not in told
                continue
            assert told["security"], path
            filled = path.format(partner="p000", a="p000", b="p001", job="0" * 32, relation="0" * 32, version="v1")
            answer = guarded.api.request(method.upper(), filled)
            assert answer.status_code == 401, (method, path, answer.text)
            tried += 1
    assert tried > 30


def test_nothing_secret_and_nothing_sent_is_in_the_log(start, capfd):
    served = start(log_level="debug", account_key="s3cret" * 8)
    headers = served.key("admin")
    served.inner.door.refresh()
    api, sent = served.api, "payl0ad"
    api.post("/v1/partners", json={"id": "new", **NEW, "description": sent}, headers=headers)
    api.post("/v1/partners", json={"id": "new", **NEW, "size": sent}, headers=headers)
    api.post("/v1/partners", content=f'{{"{sent}":', headers={**headers, "content-type": "application/json"})
    api.post("/v1/accounts", json={"partner": "p000", "accounts": [{"account": f"{sent}.com"}]}, headers=headers)
    api.post("/v1/matches:query", json={"profile": {**NEW, "audience": sent}}, headers=headers)
    api.get(f"/v1/search?q={sent}", headers=headers)
    api.get("/v1/partners/p000", headers={"X-API-Key": f"mm_{sent}_x"})
    api.get("/v1/partners/p000", headers={"Authorization": f"Bearer {sent}"})
    api.get(f"/{sent}", headers=headers)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    lines = [line for line in lines if not line["event"].startswith("HTTP Request: ")]  # of the client
    logged = json.dumps(lines)
    assert sum(line["event"] == "request" for line in lines) == 9
    assert {line["key"] for line in lines if line["event"] == "request"} >= {headers["X-API-Key"].split("_")[1]}
    for secret in (headers["X-API-Key"], headers["X-API-Key"].split("_", 2)[2], "s3cret", sent):
        assert secret not in logged


def test_the_audit_names_the_key_and_the_request(guarded):
    headers = guarded.key("admin")
    owner = headers["X-API-Key"].split("_")[1]
    guarded.api.put("/v1/partners/new", json=NEW, headers={**headers, "X-Request-ID": "mine-1"})
    guarded.api.delete("/v1/partners/new", headers=headers)
    told = guarded.api.get("/v1/audit", headers=headers).json()["data"]
    assert [(one["action"], one["target"], one["owner"]) for one in told] == [
        ("partner.delete", "new", owner),
        ("partner.put", "new", owner),
    ]
    assert told[1]["request_id"] == "mine-1"
    only = guarded.api.get(
        "/v1/audit", params={"action": "partner.put", "target": "new", "owner": owner}, headers=headers
    )
    assert [one["action"] for one in only.json()["data"]] == ["partner.put"]
    assert pointers(problem(guarded.api.get("/v1/audit?who=x", headers=headers), 422, "invalid_request")) == [
        "/query/who"
    ]
