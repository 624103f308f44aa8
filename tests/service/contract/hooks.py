"""What the OpenAPI document cannot say: real ids, cursors, entity tags, tokens and filters in place of made-up ones.

Loaded by the `schemathesis` command (SCHEMATHESIS_HOOKS). Requests that are meant to be wrong stay as they are.
"""

from __future__ import annotations

import itertools
import json
import os
import random
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import schemathesis

URL, KEY = os.environ["CONTRACT_URL"], os.environ["CONTRACT_KEY"]
WHERE = ("category=returns,reviews", "size>=1000", "size<=100000", "region=europe", "exclude=ups", "size_band=1k-10k")
FILTERS = (
    {"category": ["returns"]},
    {"size": {"min": 10}},
    {"region": "europe", "relation": {"without": ["competitor"]}},
)
FIELDS = ("rank", "partner", "name", "mutual", "fit_type", "recommendation_id")
chance = random.Random(3)
numbers = itertools.count()


def ask(method: str, path: str, body: object = None) -> dict[str, Any]:
    """Ask the service, behind Schemathesis' back."""
    data = None if body is None else json.dumps(body).encode()
    sent = {"X-API-Key": KEY, "Content-Type": "application/json"}
    with urlopen(Request(URL + path, data, sent, method=method), timeout=60) as answer:
        return json.loads(answer.read() or b"{}")


PARTNERS = sorted({row["id"] for row in ask("GET", "/v1/partners?limit=200")["data"]})
OWN, READ = PARTNERS[:20], PARTNERS[20:]
"""Partners that may be overwritten, and those that stay as they are, so that there is always something to match."""
VERSIONS = [row["version"] for row in ask("GET", "/v1/models")["data"]]


def token() -> str:
    """The recommendation id of a real match."""
    return chance.choice(ask("GET", f"/v1/partners/{chance.choice(READ)}/matches?k=3")["data"])["recommendation_id"]


def job() -> str:
    """The id of a new job."""
    pairs = [{"a": a, "b": b} for a, b in itertools.pairwise(chance.sample(READ, 3))]
    return ask("POST", "/v1/jobs", {"kind": "scores", "pairs": pairs})["data"]["id"]


def disposable() -> str:
    """The id of a new partner that may be deleted."""
    return ask("PUT", f"/v1/partners/disposable-{next(numbers)}", {"name": "Disposable", "goals": ["agencies"]})[
        "data"
    ]["id"]


def relation() -> str:
    """The id of a relation that may be deleted."""
    a, b = chance.sample(READ, 2)
    return ask("POST", "/v1/relations", {"relations": [{"a": a, "b": b, "type": "competitor"}]})["data"][0]["id"]


TOKENS = [token() for _ in range(20)]


@schemathesis.hook
def filter_query(context, query):
    """Leave out empty lists where a text is meant: none of it would be sent, and what is sent would be right."""
    return not any(value is not None and _nothing(value) for value in (query or {}).values())


def _nothing(value):
    inner = value.values() if isinstance(value, dict) else value
    return value is None or (isinstance(value, dict | list) and all(map(_nothing, inner)))


@schemathesis.hook
def before_call(context, case, kwargs):
    """Make a request that is meant to be right such that it is right for this store too."""
    stateful = case.meta is not None and case.meta.phase.name.value == "stateful"
    _spare(case, stateful)
    if case.meta is not None and case.meta.generation.mode.is_positive:
        if not stateful:  # there, ids come from earlier answers
            _path(case)
        _query(case)
        _headers(case)
        _body(case)


def _spare(case, stateful):
    """Delete nothing that others look for."""
    given = case.path_parameters or {}
    if case.method.upper() == "DELETE" and given.get("partner") in PARTNERS:
        given["partner"] = disposable()
    if case.method.upper() == "DELETE" and "relation" in given and not stateful and len(given["relation"]) == 32:
        given["relation"] = relation()


def _path(case):
    given, method = case.path_parameters or {}, case.method.upper()
    if "partner" in given:
        given["partner"] = disposable() if method == "DELETE" else chance.choice(READ if method == "GET" else OWN)
    if "a" in given:
        given["a"], given["b"] = chance.sample(READ, 2)
    if "version" in given:
        given["version"] = chance.choice(VERSIONS)
    if "job" in given:
        given["job"] = job()
    if "relation" in given:
        given["relation"] = relation()


def _query(case):
    given = case.query or {}
    if given.get("partner"):
        given["partner"] = chance.choice(READ)
    if given.get("other"):
        given["other"] = chance.choice([one for one in READ if one != given.get("partner")])
    if given.get("hub"):
        given["hub"] = chance.sample(READ, min(2, len(given["hub"])))
    if given.get("where"):
        given["where"] = list(chance.sample(WHERE, min(2, len(given["where"]))))[:1]
    if isinstance(given.get("fields"), str):
        given["fields"] = ",".join(chance.sample(FIELDS, 2))
    if "cursor" in given:
        given.pop("cursor")
        kept = {name: value for name, value in given.items() if value is not None and name != "limit"}
        first = ask("GET", f"{case.path}?{urlencode({**kept, 'limit': 1})}")
        if first["pagination"]["next_cursor"]:
            given["cursor"] = first["pagination"]["next_cursor"]


def _headers(case):
    given = case.headers or {}
    if "Idempotency-Key" in given:
        given["Idempotency-Key"] = f"contract-{os.getpid()}-{next(numbers)}"
    if "If-None-Match" in given:
        given["If-None-Match"] = '"another"'
    if "If-Match" in given:
        del given["If-Match"]
        try:
            sent = Request(
                f"{URL}/v1/partners/{quote(case.path_parameters['partner'], safe='')}", headers={"X-API-Key": KEY}
            )
            with urlopen(sent, timeout=60) as answer:
                given["If-Match"] = answer.headers["ETag"]
        except OSError:
            return


def _body(case):
    body = case.body
    if not isinstance(body, dict):
        return
    if case.method.upper() == "PUT" and body.get("id") is not None:
        del body["id"]  # a link may still change the path, and then they would differ
    if "recommendation_id" in body:
        body["recommendation_id"] = chance.choice(TOKENS)
    if "accounts" in body:
        body["partner"] = chance.choice(READ)
    _rows(body)
    if case.path == "/v1/matches:query":
        _question(body)


def _rows(body):
    """Rows name partners that stand, each pair of relations once."""
    for one in body.get("impressions", ()):
        one["recommendation_id"] = chance.choice(TOKENS)
    for name, ends in (("activities", ("from", "to")), ("relations", ("a", "b")), ("pairs", ("a", "b"))):
        for one in body.get(name, ()):
            one.update(zip(ends, chance.sample(READ, 2), strict=True))
    if "relations" in body:
        body["relations"] = list({frozenset((one["a"], one["b"])): one for one in body["relations"]}.values())
    if body.get("kind") == "matches":
        body["partners"] = chance.sample(READ, 2)
        body["where"] = [chance.choice(WHERE)] if body.get("where") else []


def _question(body):
    if body.get("partner") is not None and body.get("profile") is not None:
        body.pop(chance.choice(("partner", "profile")))
    if body.get("partner") is None and body.get("profile") is None:
        body["partner"] = ""
    if body.get("partner") is not None:
        body["partner"] = chance.choice(READ)
    drawn = chance.sample(READ, 6)  # nobody is an example of both
    for name, some in (("like", drawn[:3]), ("unlike", drawn[3:])):
        body[name] = some[: len(body.get(name) or ())]
    if body.get("filters"):
        body["filters"] = chance.choice(FILTERS)
    if body.get("weights") is not None:
        body["weights"] = {"gain": 1.0, "topic": chance.random()}
    if body.get("fields"):
        body["fields"] = chance.sample(FIELDS, 2)
