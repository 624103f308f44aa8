"""Overlaps over HTTP: exact for the owner, from store and bundle together; for a bound key never anything below the minimum."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from matchmaker import Matchmaker
from matchmaker.audience.pairs import overlap_of_pair
from matchmaker.profiles.accounts import AccountTable, hash_account, key_id
from tests.conftest import make_catalogue
from tests.service.conftest import NEW, pointers, problem

KEY = b"k" * 32
MINIMUM = 20
POPULATIONS = ("customer", "prospect", "opportunity")
COUNTS = ("your_accounts", "their_accounts", "shared", "greenfield", "their_greenfield", "give", "get")
RATIOS = ("share_of_yours", "share_of_theirs", "jaccard", "lift", "lift_low")


def names(numbers):
    return [f"shop{number}.com" for number in numbers]


def put(served, partner, numbers, population="customer", headers=None, **more):
    rows = [{"account": name, "population": population, **more} for name in names(numbers)]
    answer = served.api.post("/v1/accounts", json={"partner": partner, "accounts": rows}, headers=headers)
    assert answer.status_code == 200, answer.text


def ask(served, headers=None, **query):
    """The answer once everything that is written is in it."""
    served.inner.overlaps._until = 0.0
    served.settled()
    answer = served.api.get("/v1/overlaps", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_owner_sees_exact_figures(served):
    put(served, "p000", range(0, 100))
    put(served, "p000", range(200, 210), "opportunity", value=10.0, currency="EUR")
    put(served, "p001", range(60, 130), "prospect")
    put(served, "p001", range(205, 207), "customer")
    put(served, "p002", range(99, 100))
    (found,) = ask(served, partner="p000", other="p001")["data"]
    assert (found["your_accounts"], found["their_accounts"], found["shared"]) == (110, 72, 42)
    assert found["matrix"]["customer"] == {"customer": 0, "prospect": 40, "opportunity": 0}
    assert found["matrix"]["opportunity"] == {"customer": 2, "prospect": 0, "opportunity": 0}
    assert (found["give"], found["get"], found["quadrant"]) == (40, 0, "you give")
    assert (found["potential_revenue"], found["currency"], found["basis"]) == (20.0, "EUR", "exact")
    (back,) = ask(served, partner="p001", other="p000")["data"]
    assert (back["give"], back["get"], back["quadrant"]) == (0, 40, "you get")
    ranked = ask(served, partner="p000", by="shared")
    assert [(one["other"], one["shared"]) for one in ranked["data"]] == [("p001", 42), ("p002", 1)]
    assert ranked["warnings"] == []
    assert len(ask(served, partner="p000", by="shared", k=1)["data"]) == 1


def test_what_is_written_and_deleted_is_followed(served):
    assert ask(served, partner="p000")["warnings"] == [
        "No accounts are known: POST /v1/accounts, or build with --accounts."
    ]
    served.api.post("/v1/partners", json={"id": "new", **NEW})
    put(served, "new", range(30))
    put(served, "p000", range(30))
    assert [one["other"] for one in ask(served, partner="p000")["data"]] == ["new"]
    (none,) = ask(served, partner="p000", other="p001")["data"]
    assert (none["their_accounts"], none["shared"], none["lift"]) == (0, 0, None)
    served.api.delete("/v1/accounts?partner=new")
    assert ask(served, partner="p000")["data"] == []
    put(served, "new", range(30))
    served.api.delete("/v1/partners/new")
    assert ask(served, partner="p000")["data"] == []
    problem(served.api.get("/v1/overlaps?partner=new"), 404, "unknown_partner")


def test_values_of_several_currencies_are_not_added_up(served):
    put(served, "p000", range(30), "opportunity", value=1.0, currency="EUR")
    put(served, "p001", range(30))
    assert ask(served, partner="p000", other="p001")["data"][0]["potential_revenue"] == 30.0
    put(served, "p002", range(30), "opportunity", value=1.0, currency="usd")
    assert ask(served, partner="p000", other="p001")["data"][0]["potential_revenue"] is None


def test_accounts_rest_for_some_seconds_and_an_answer_need_not_be_fetched_twice(served):
    put(served, "p000", range(30))
    put(served, "p001", range(30))
    ask(served, partner="p000", other="p001")
    put(served, "p001", range(30, 60))
    path = "/v1/overlaps?partner=p000&other=p001"
    served.settled()
    kept = served.api.get(path)
    assert kept.json()["data"][0]["their_accounts"] == 30
    assert served.api.get(path, headers={"If-None-Match": kept.headers["etag"]}).status_code == 304
    assert ask(served, partner="p000", other="p001")["data"][0]["their_accounts"] == 60


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("", "/query/partner"),
        ("partner=p000&other=p000", "/query/other"),
        ("partner=p000&by=size", "/query/by"),
        ("partner=p000&k=0", "/query/k"),
        ("partner=p000&k=101", "/query/k"),
        ("partner=p000&population=customer", "/query/population"),
    ],
)
def test_a_wrong_question_is_pointed_at(calm, query, where):
    assert pointers(problem(calm.api.get(f"/v1/overlaps?{query}"), 422, "invalid_request")) == [where]


@pytest.mark.parametrize(("query", "where"), [("nobody", "partner"), ("p000&other=nobody", "other")])
def test_both_partners_must_stand(calm, query, where):
    found = problem(calm.api.get(f"/v1/overlaps?partner={query}"), 404, "unknown_partner")
    assert pointers(found) == [f"/query/{where}"]


def bundle(encoder, folder, held, key=KEY):
    """A bundle folder in which partners hold these accounts: (partner, number, population, value)."""
    partners, numbers, populations, values = zip(*held, strict=True)
    none = (None,) * len(held)
    hashed = tuple(hash_account(name, key) for name in names(numbers))
    table = AccountTable(partners, hashed, populations, none, values, none, key_id(key))
    Matchmaker(encoder=encoder).fit(replace(make_catalogue(), accounts=table)).save(folder)
    return folder


def test_accounts_of_the_bundle_and_the_store_are_counted_together(start, encoder, tmp_path):
    held = [("p000", number, POPULATIONS[number % 3], 2.0) for number in range(60)]
    held += [("p001", number, "customer", None) for number in range(40)]
    served = start(model=bundle(encoder, tmp_path / "held", held), account_key=KEY.decode())
    oracle = served.inner.ecosystem.view.engine
    (found,) = ask(served, partner="p000", other="p001")["data"]
    assert found == {**oracle.overlap("p000", "p001").to_dict(), "reasons": found["reasons"]}
    assert (found["shared"], found["potential_revenue"]) == (40, 26.0)
    put(served, "p001", range(30, 50))
    put(served, "p000", [2], "opportunity", value=100.0)
    (found,) = ask(served, partner="p000", other="p001")["data"]
    assert (found["their_accounts"], found["shared"]) == (50, 50)
    assert found["potential_revenue"] == 100.0 + 15 * 2.0  # the value that was written stands


def test_accounts_of_another_key_are_left_out_and_said_to_be(start, encoder, tmp_path):
    held = [(partner, number, "customer", None) for partner in ("p000", "p001") for number in range(40)]
    folder = bundle(encoder, tmp_path / "held", held)
    other = start(model=folder, account_key="another secret of the tests")
    answer = ask(other, partner="p000", other="p001")
    assert answer["data"][0]["shared"] == 0
    assert "hashed with another key" in answer["warnings"][0]
    keyless = start(model=folder)
    assert ask(keyless, partner="p000", other="p001")["data"][0]["shared"] == 40
    bound = keyless.key("read", partner="p000")
    keyless.inner.door.refresh()
    told = problem(keyless.api.get("/v1/overlaps?partner=p000", headers=bound), 422, "invalid_setting")
    assert "MATCHMAKER_ACCOUNT_KEY" in told["detail"]


def test_a_release_renews_what_bound_keys_are_told_and_the_ledger_outlives_a_process(start):
    def told(release):
        served = start(account_key=KEY.decode(), accounts_release=release)
        admin, bound = served.key("admin"), served.key("read", partner="p000")
        served.inner.door.refresh()
        return served, admin, lambda: ask(served, bound, partner="p000", other="p001")["data"][0]

    served, admin, first = told(0)
    for partner, alone in (("p000", range(1_000, 1_400)), ("p001", range(2_000, 2_400))):
        put(served, partner, [*range(200), *alone], headers=admin)
    before = first()
    assert before["basis"] == "disclosed"
    assert 200 - 18 <= before["shared"] <= 200
    put(served, "p001", range(200, 900), headers=admin)
    put(served, "p000", range(200, 900), headers=admin)
    assert first() == before
    assert told(0)[2]() == before
    after = told(1)[2]()
    assert 900 - 18 <= after["shared"] <= 900


def counted(one):
    """Every number of accounts in an answer."""
    yield from (one[name] for name in COUNTS)
    for line in one["matrix"].values():
        yield from line.values()


def world(served, others, headers):
    """Every partner holds many accounts that nobody else has, so that something may be told, and some of 300 that are shared."""
    for place, partner in enumerate(["p000", *others]):
        for part, population in enumerate(POPULATIONS):
            low = 1_000 * (place + 1) + 300 * part
            shared = range(10 * part, 300, 2) if not place else range(part * 90, part * 90 + 30 * place + 1)
            put(served, partner, [*range(low, low + 250), *shared], population, headers=headers)


def changed(served, chance, others, bound, admin):
    """Somebody writes: the bound partner its own accounts, one or many, or the owner one or two of somebody else."""
    move, population = chance.randrange(4), chance.choice(POPULATIONS)
    if move == 0:
        put(served, "p000", chance.sample(range(300), chance.choice((1, 19, 20, 60))), population, headers=bound)
    elif move == 1:
        served.api.delete(f"/v1/accounts?partner=p000&population={population}", headers=bound)
    elif move == 2:
        put(served, chance.choice(others), chance.sample(range(300), chance.choice((1, 2))), headers=admin)


def checked(one, truth):
    """The shown cells of an answer, none of which tells of fewer than the minimum. truth: the cells when they were drawn."""
    assert (one["basis"], one["p_value"]) == ("disclosed", None)
    assert all(number is None or number >= MINIMUM for number in counted(one)), one
    assert one["shared"] is not None or all(one[name] is None for name in RATIOS)
    shown = [
        (number, truth[own][its])
        for own, line in one["matrix"].items()
        for its, number in line.items()
        if number is not None
    ]
    assert all(max(MINIMUM, known - 18) <= number <= known for number, known in shown)
    return shown


def test_random_questions_and_writes_of_a_bound_key_never_see_anything_below_the_minimum(served):
    admin, bound = served.key("admin"), served.key("read", "write", partner="p000")
    served.inner.door.refresh()
    chance, others = random.Random(5), [f"p{number:03}" for number in range(1, 7)]
    world(served, others, admin)
    truth, shown = {}, []
    for _ in range(40):
        changed(served, chance, others, bound, admin)
        query = {
            "by": chance.choice(("lift", "shared", "give", "get", "greenfield", "revenue")),
            "k": chance.randint(1, 8),
        }
        if chance.random() < 0.7:
            query = {"other": chance.choice(others)}
        told = ask(served, bound, partner="p000", **query)["data"]
        exact = served.inner.overlaps._known.incidence.strongest
        for other in [query["other"]] if "other" in query else others:  # what is drawn for the first time stands
            truth.setdefault(other, overlap_of_pair(exact, "p000", other).matrix)
        shown += [cell for one in told for cell in checked(one, truth[one["other"]])]
    assert len(shown) > 20, "something is told"
    cells = [cell for matrix in truth.values() for line in matrix.values() for cell in line.values()]
    assert sum(0 < cell < MINIMUM for cell in cells) > 2, "there was something to hold back"
