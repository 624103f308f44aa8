"""docs/http.md says which scope each route needs; a key without it is sent away, as is one bound to a partner where it must be."""

import re

import pytest

from tests.docs.test_docs import code, page, section, table

NEEDED = {code(row[0])[0]: row[1] for row in table(section(page("http"), "Routes"))}
SCOPES = ("read", "write", "admin")
ALLOWED = {"none": {None, *SCOPES}, "read": {*SCOPES}, "write": {*SCOPES[1:]}, "admin": {"admin"}}


@pytest.mark.slow
@pytest.mark.parametrize("scope", [None, "read", "write", "admin"])
def test_routes_ask_for_the_scope_that_is_documented(scope, keyed):
    key = None if scope is None else getattr(keyed, scope)
    for route, needed in NEEDED.items():
        method, path = route.split()
        if scope in ALLOWED[needed] and method != "GET":
            continue  # it would be done
        status, _, answer = keyed.service.ask(method, re.sub(r"\{\w+\}", "0" * 32, path), key)
        told = answer.get("code") if isinstance(answer, dict) else None
        refused = "key_missing" if scope is None else "scope_missing"
        assert (told == refused) == (scope not in ALLOWED[needed]), (route, scope, status, told)


@pytest.mark.slow
def test_a_bound_key_gets_its_own_partner_and_nothing_of_all(keyed):
    service = keyed.service
    key = service.key("write", partner="shipbob")
    own = [
        "/v1/partners/shipbob",
        "/v1/partners/shipbob/matches",
        "/v1/partners/shipbob/profile",
        "/v1/pairs/shipbob/ups",
        "/v1/pairs/shipbob/ups/gaps",
        "/v1/partners/shipbob/gaps",
        "/v1/overlaps?partner=shipbob",
    ]
    own += ["/v1/relations?partner=shipbob", "/v1/accounts?partner=shipbob", "/v1/feedback?partner=shipbob"]
    others = [path.replace("shipbob", "ups") for path in own if "pairs" not in path] + ["/v1/pairs/ups/shipbob"]
    of_all = [
        "/v1/partners",
        "/v1/search?q=ups",
        "/v1/map",
        "/v1/ecosystem",
        "/v1/ecosystem/gaps",
        "/v1/relations",
        "/v1/activity",
        "/metrics",
    ]
    assert [path for path in own if service.ask("GET", path, key)[0] != 200] == []
    for path in others + of_all:
        status, _, answer = service.ask("GET", path, key)
        assert (status, answer["code"]) == (403, "partner_bound_key"), path
