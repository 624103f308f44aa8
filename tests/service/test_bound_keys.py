"""A key that is bound to one partner: its own data and its own matches, on every route there is."""

from __future__ import annotations

import pytest

from matchmaker import Relation
from matchmaker.store.relations import relation_id
from matchmaker_service.tokens import Recommended
from tests.service.conftest import NEW, eventually

OWN, OTHER, THIRD = "p005", "p006", "p007"
SECRET = "unt0ld"
PAIR = {"a": OWN, "b": OTHER}
FOREIGN = {"a": OTHER, "b": THIRD}
ACTIVITY = {"from": OWN, "to": OTHER, "date": "2026-01-01"}
ALIEN = {"from": OTHER, "to": THIRD, "date": "2026-01-01"}
ALIEN_RELATION = relation_id(Relation(a=OTHER, b=THIRD, type="partnership"))
OWN_RELATION = relation_id(Relation(a=OWN, b=OTHER, type="partnership"))


def job(kind, **more):
    return {"json": {"kind": kind, **more}}


TABLE = {
    "search_partners": [("/v1/search?q=house", {}, 403)],
    "get_ecosystem": [("/v1/ecosystem", {}, 403)],
    "get_map": [("/v1/map", {}, 403)],
    "list_partners": [("/v1/partners", {}, 403)],
    "create_partner": [
        ("/v1/partners", {"json": {"id": "new", **NEW}}, 403),
        ("/v1/partners", {"json": {"id": OTHER, **NEW}}, 403),
        ("/v1/partners", {"json": {"id": OWN, **NEW}}, 409),
    ],
    "get_partner": [
        (f"/v1/partners/{OWN}", {}, 200),
        (f"/v1/partners/{OTHER}", {}, 403),
        ("/v1/partners/nobody", {}, 403),
    ],
    "put_partner": [(f"/v1/partners/{OWN}", {"json": NEW}, 200), (f"/v1/partners/{OTHER}", {"json": NEW}, 403)],
    "patch_partner": [
        (f"/v1/partners/{OWN}", {"json": {"name": "Mine"}}, 200),
        (f"/v1/partners/{OTHER}", {"json": {"name": "Mine"}}, 403),
    ],
    "upsert_partners": [
        ("/v1/partners:batch", {"json": {"partners": [{"id": OWN, **NEW}]}}, 200),
        ("/v1/partners:batch", {"json": {"partners": [{"id": OTHER, **NEW}]}}, 403),
        ("/v1/partners:batch", {"json": {"partners": [{"id": OWN, **NEW}, {"id": OTHER, **NEW}]}}, 403),
        ("/v1/partners:batch", {"json": {"partners": [{"id": OWN, **NEW}, {"id": OTHER}]}}, 200),
    ],
    "get_profile": [(f"/v1/partners/{OWN}/profile", {}, 200), (f"/v1/partners/{OTHER}/profile", {}, 403)],
    "list_matches": [
        (f"/v1/partners/{OWN}/matches", {}, 200),
        (f"/v1/partners/{OWN}/matches?explain=true", {}, 200),
        (f"/v1/partners/{OTHER}/matches", {}, 403),
        (f"/v1/partners/{OTHER}/matches?k=3", {}, 403),
    ],
    "query_matches": [
        ("/v1/matches:query", {"json": {"partner": OWN}}, 200),
        ("/v1/matches:query", {"json": {"partner": OTHER}}, 403),
        ("/v1/matches:query", {"json": {"profile": NEW}}, 403),
    ],
    "explain_pair": [
        (f"/v1/pairs/{OWN}/{OTHER}", {}, 200),
        (f"/v1/pairs/{OTHER}/{OWN}", {}, 403),
        (f"/v1/pairs/{OTHER}/{THIRD}", {}, 403),
    ],
    "score_pairs": [
        ("/v1/scores:batch", {"json": {"pairs": [PAIR]}}, 200),
        ("/v1/scores:batch", {"json": {"pairs": [PAIR, FOREIGN]}}, 403),
    ],
    "list_gaps": [(f"/v1/partners/{OWN}/gaps", {}, 200), (f"/v1/partners/{OTHER}/gaps", {}, 403)],
    "get_pair_gaps": [
        (f"/v1/pairs/{OWN}/{OTHER}/gaps", {}, 200),
        (f"/v1/pairs/{OTHER}/{OWN}/gaps", {}, 403),
        (f"/v1/pairs/{OTHER}/{THIRD}/gaps", {}, 403),
    ],
    "list_collisions": [
        (f"/v1/partners/{OWN}/collisions", {}, 200),
        (f"/v1/partners/{OTHER}/collisions", {}, 403),
    ],
    "get_orbit": [(f"/v1/partners/{OWN}/orbit", {}, 200), (f"/v1/partners/{OTHER}/orbit", {}, 403)],
    "get_ecosystem_gaps": [("/v1/ecosystem/gaps", {}, 403), (f"/v1/ecosystem/gaps?hub={OWN}", {}, 403)],
    "create_job": [
        ("/v1/jobs", job("scores", pairs=[PAIR]), 202),
        ("/v1/jobs", job("scores", pairs=[PAIR, FOREIGN]), 403),
        ("/v1/jobs", job("matches", partners=[OWN, OWN]), 202),
        ("/v1/jobs", job("matches", partners=[OWN, OTHER]), 403),
        ("/v1/jobs", job("matches", partners=[OTHER]), 403),
        ("/v1/jobs", job("matches"), 403),
    ],
    "list_jobs": [("/v1/jobs", {}, 200)],
    "get_job": [("/v1/jobs/{own_job}", {}, 200), ("/v1/jobs/{job}", {}, 404)],
    "get_result": [("/v1/jobs/{own_job}/result", {}, 200), ("/v1/jobs/{job}/result", {}, 404)],
    "cancel_job": [("/v1/jobs/{own_job}:cancel", {}, 409), ("/v1/jobs/{job}:cancel", {}, 404)],
    "list_relations": [
        (f"/v1/relations?partner={OWN}", {}, 200),
        (f"/v1/relations?partner={OTHER}", {}, 403),
        ("/v1/relations", {}, 403),
    ],
    "put_relations": [
        ("/v1/relations", {"json": {"relations": [{**PAIR, "type": "partnership"}]}}, 200),
        ("/v1/relations", {"json": {"relations": [{**FOREIGN, "type": "partnership"}]}}, 403),
        (
            "/v1/relations",
            {"json": {"relations": [{**PAIR, "type": "partnership"}, {**FOREIGN, "type": "partnership"}]}},
            403,
        ),
    ],
    "get_relation": [
        (f"/v1/relations/{OWN_RELATION}", {}, 200),
        (f"/v1/relations/{ALIEN_RELATION}", {}, 404),
        (f"/v1/relations/{'0' * 32}", {}, 404),
    ],
    "delete_relation": [(f"/v1/relations/{ALIEN_RELATION}", {}, 404), (f"/v1/relations/{OWN_RELATION}", {}, 204)],
    "list_accounts": [(f"/v1/accounts?partner={OWN}", {}, 200), (f"/v1/accounts?partner={OTHER}", {}, 403)],
    "put_accounts": [
        ("/v1/accounts", {"json": {"partner": OWN, "accounts": [{"account": "a.com"}]}}, 200),
        ("/v1/accounts", {"json": {"partner": OTHER, "accounts": [{"account": "a.com"}]}}, 403),
    ],
    "delete_accounts": [(f"/v1/accounts?partner={OWN}", {}, 200), (f"/v1/accounts?partner={OTHER}", {}, 403)],
    "count_accounts": [
        (f"/v1/accounts/counts?partner={OWN}", {}, 200),
        (f"/v1/accounts/counts?partner={OTHER}", {}, 403),
    ],
    "list_overlaps": [
        (f"/v1/overlaps?partner={OWN}", {}, 200),
        (f"/v1/overlaps?partner={OWN}&other={OTHER}", {}, 200),
        (f"/v1/overlaps?partner={OTHER}&other={OWN}", {}, 403),
        (f"/v1/overlaps?partner={OTHER}", {}, 403),
    ],
    "list_activity": [
        (f"/v1/activity?partner={OWN}", {}, 200),
        (f"/v1/activity?partner={OTHER}", {}, 403),
        ("/v1/activity", {}, 403),
    ],
    "add_activity": [
        ("/v1/activity", {"json": {"activities": [ACTIVITY]}}, 200),
        ("/v1/activity", {"json": {"activities": [ACTIVITY, ALIEN]}}, 403),
        ("/v1/activity", {"json": {"activities": [{**ACTIVITY, "id": "alien"}]}}, 403),
    ],
    "add_impressions": [
        ("/v1/impressions", {"json": {"impressions": [{"recommendation_id": "{own_token}"}]}}, 200),
        ("/v1/impressions", {"json": {"impressions": [{"recommendation_id": "{token}"}]}}, 403),
    ],
    "add_feedback": [
        ("/v1/feedback", {"json": {"recommendation_id": "{own_token}", "outcome": "accepted"}}, 200),
        ("/v1/feedback", {"json": {"recommendation_id": "{token}", "outcome": "accepted"}}, 403),
    ],
    "list_feedback": [
        (f"/v1/feedback?partner={OWN}", {}, 200),
        (f"/v1/feedback?partner={OTHER}", {}, 403),
        ("/v1/feedback", {}, 403),
    ],
    "list_models": [("/v1/models", {}, 200)],
    "get_model": [("/v1/models/{version}", {}, 200)],
    "activate_model": [("/v1/models/{version}:activate", {}, 403)],
    "roll_back": [("/v1/models:rollback", {}, 403)],
    "list_writes": [("/v1/audit", {}, 403)],
    "get_metrics": [("/metrics", {}, 403)],
    "livez": [("/livez", {}, 200)],
    "readyz": [("/readyz", {}, 200)],
    "healthz": [("/healthz", {}, 200)],
    "delete_partner": [(f"/v1/partners/{OTHER}", {}, 403), (f"/v1/partners/{OWN}", {}, 204)],
}
"""What a key with the scopes read and write, bound to OWN, is answered: every route must stand here."""


def filled(value, known):
    if isinstance(value, str):
        for name, text in known.items():
            value = value.replace("{" + name + "}", text)
        return value
    if isinstance(value, dict):
        return {name: filled(one, known) for name, one in value.items()}
    return [filled(one, known) for one in value] if isinstance(value, list) else value


@pytest.fixture
def world(served):
    """Somebody else's data, all of it marked; and what the paths of the table need."""
    api, view = served.api, served.inner.ecosystem.view
    admin, bound = served.key("admin"), served.key("read", "write", partner=OWN)
    served.inner.door.refresh()

    def told(method, path, **more):
        answer = api.request(method, path, headers=admin, **more)
        assert answer.status_code < 300, answer.text
        return answer.json()["data"]

    token = {
        one: served.inner.signer.recommendation(Recommended(one, THIRD, 1, view.version, 0)) for one in (OWN, OTHER)
    }
    told("PATCH", f"/v1/partners/{OTHER}", json={"extra": {SECRET: SECRET}})
    told("POST", "/v1/accounts", json={"partner": OTHER, "accounts": [{"account": "b.com", "segment": SECRET}]})
    told("POST", "/v1/activity", json={"activities": [{**ALIEN, "id": "alien", "note": SECRET}]})
    told("POST", "/v1/relations", json={"relations": [{**FOREIGN, "type": "partnership", "source": SECRET}]})
    told("POST", "/v1/relations", json={"relations": [{**PAIR, "type": "partnership", "source": "ours"}]})
    told("POST", "/v1/impressions", json={"impressions": [{"recommendation_id": token[OTHER]}]})
    told("POST", "/v1/feedback", json={"recommendation_id": token[OTHER], "outcome": "accepted", "note": SECRET})
    foreign = told("POST", "/v1/jobs", json={"kind": "scores", "pairs": [{**FOREIGN, "client_reference_id": SECRET}]})
    sent = {"kind": "scores", "pairs": [PAIR]}
    own = api.post("/v1/jobs", json=sent, headers=bound).json()["data"]
    for one in (foreign, own):
        eventually(lambda one=one: told("GET", f"/v1/jobs/{one['id']}")["status"] == "done")
    known = {
        "own_job": own["id"],
        "job": foreign["id"],
        "own_token": token[OWN],
        "token": token[OTHER],
        "version": view.version,
    }
    return served, bound, known


def test_on_every_route_it_is_told_its_own_alone(world):
    served, bound, known = world
    operations = {
        told["operationId"]: (method.upper(), path)
        for path, methods in served.app.openapi()["paths"].items()
        for method, told in methods.items()
    }
    assert set(operations) == set(TABLE), "a route without an entry, or an entry without a route"
    for name, asked in TABLE.items():
        for path, more, status in asked:
            answer = served.api.request(operations[name][0], filled(path, known), headers=bound, **filled(more, known))
            assert answer.status_code == status, (name, path, more, answer.text)
            assert SECRET not in answer.text, (name, path)
            if status == 403:
                assert answer.json()["code"] in ("partner_bound_key", "scope_missing")


def test_every_way_to_ask_stands_in_the_table_with_a_refusal_or_a_reason(world):
    told_to_all = {"livez", "readyz", "healthz", "list_models", "get_model", "list_jobs"}
    refusing = {name for name, asked in TABLE.items() if any(status in (403, 404) for *_, status in asked)}
    assert set(TABLE) == refusing | told_to_all


def test_its_own_lists_hold_its_own_alone(world):
    served, bound, known = world
    get = served.api.get
    assert [one["id"] for one in get("/v1/jobs", headers=bound).json()["data"]] == [known["own_job"]]
    ends = [(one["a"], one["b"]) for one in get(f"/v1/relations?partner={OWN}", headers=bound).json()["data"]]
    assert ends and all(OWN in pair for pair in ends)
    assert get(f"/v1/activity?partner={OWN}", headers=bound).json()["data"] == []
    assert get(f"/v1/feedback?partner={OWN}", headers=bound).json()["data"] == []


def test_a_bound_admin_is_bound_too(world):
    served, _, known = world
    admin = served.key("admin", partner=OWN)
    for method, path in (("GET", "/v1/audit"), ("GET", "/metrics"), ("GET", f"/v1/partners/{OTHER}")):
        answer = served.api.request(method, path, headers=admin)
        assert (answer.status_code, answer.json()["code"]) == (403, "partner_bound_key"), path
    assert known["job"] not in served.api.get("/v1/jobs", headers=admin).text
    for path in (f"/v1/jobs/{known['job']}", f"/v1/jobs/{known['job']}/result"):
        assert served.api.get(path, headers=admin).status_code == 404, path
    for path in (f"/v1/models/{known['version']}:activate", "/v1/models:rollback"):
        assert served.api.post(path, headers=admin).json()["code"] == "partner_bound_key", path
