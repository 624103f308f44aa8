"""Generated requests: partners to write, and anonymous profiles to ask with, whose texts nobody has encoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

import numpy as np

from benchmarks.http.wire import request

NEW = "written-"
"""What ids of partners that a run creates start with."""
_DOES = ("automates", "predicts", "collects", "checks", "routes", "translates", "prices", "insures", "reports", "plans")
_WHAT = (
    "returns", "invoices", "product reviews", "stock levels", "delivery slots", "loyalty points", "tax filings",
    "gift cards", "support tickets", "ad campaigns", "wholesale orders", "size charts", "subscriptions", "customs papers",
)  # fmt: skip
_WHOM = (
    "fashion shops",
    "grocers",
    "furniture makers",
    "pharmacies",
    "florists",
    "toy stores",
    "breweries",
    "bookshops",
)
_REGIONS = ("europe", "united states", "canada", "australia")


def matches_of(partners: Iterator[str]) -> Iterator[bytes]:
    """Requests for the matches of stored partners."""
    return (request("GET", f"/v1/partners/{quote(partner, safe='')}/matches") for partner in partners)


def writes(known: Sequence[str], rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """Endless pairs of an id and the request that writes it: by turns a new partner and a changed one of the catalogue."""
    number = 0
    while True:
        for partner in (f"{NEW}{number:06d}", known[int(rng.integers(len(known)))]):
            yield partner, request("PUT", f"/v1/partners/{quote(partner, safe='')}", profile(rng))
        number += 1


def questions(rng: np.random.Generator) -> Iterator[bytes]:
    """Endless requests for the matches of a profile that is not in the catalogue."""
    while True:
        yield request("POST", "/v1/matches:query", {"profile": profile(rng), "k": 10})


def profile(rng: np.random.Generator) -> dict[str, object]:
    """A profile without an id: two goals, three capabilities, and a name and description that no other profile has."""
    whom = _one(_WHOM, rng)
    number = int(rng.integers(1 << 40))
    return {
        "name": f"Workshop {number}",
        "description": f"Workshop {number} {_one(_DOES, rng)} {_one(_WHAT, rng)} for {whom}, case {number % 9973}.",
        "audience": f"{whom} that outgrow {_one(_WHAT, rng)}",
        "goals": [f"someone who {_one(_DOES, rng)} {_one(_WHAT, rng)} for {_one(_WHOM, rng)}" for _ in range(2)],
        "capabilities": [f"{_one(_DOES, rng)} {_one(_WHAT, rng)} for {whom}" for _ in range(3)],
        "regions": [_one(_REGIONS, rng)],
        "categories": [_one(_WHAT, rng)],
        "size": float(np.round(10 ** rng.uniform(0, 6))),
    }


def _one(choices: Sequence[str], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]
