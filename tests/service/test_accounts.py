"""Accounts: names come in, keyed hashes stay."""

from __future__ import annotations

import pytest

from matchmaker.profiles.accounts import hash_account
from matchmaker.store import tables
from tests.service.conftest import pointers, problem

KEY = b"k" * 32


def put(api, partner="p000", *accounts):
    return api.post("/v1/accounts", json={"partner": partner, "accounts": list(accounts)})


def listed(api, partner="p000", **asked):
    answer = api.get("/v1/accounts", params={"partner": partner, **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_names_are_hashed_and_no_name_is_kept(served):
    api = served.api
    told = put(
        api, "p000", {"account": "https://www.Secret-Shop.com/path", "segment": "a", "value": 12.5, "currency": "EUR"}
    )
    assert told.json()["data"] == {"kept": 1, "left_out": []}
    (row,) = listed(api)
    assert row["account"] == hash_account("secret-shop.com", KEY)
    assert (row["population"], row["segment"], row["value"], row["currency"]) == ("customer", "a", 12.5, "EUR")
    with served.inner.database.reading() as connection:
        for table in tables.metadata.sorted_tables:
            rows = connection.execute(table.select()).all()
            assert not any("secret-shop" in str(value).lower() for found in rows for value in found)


def test_one_account_by_any_of_its_names_is_one(api):
    put(api, "p000", {"account": "secret-shop.com"})
    put(api, "p000", {"account": "buyer@secret-shop.com"}, {"account": "HTTPS://WWW.SECRET-SHOP.COM/a?b=c"})
    assert len(listed(api)) == 1


def test_a_repeated_account_is_replaced_and_each_population_counts(api):
    put(api, "p000", {"account": "shop.example", "value": 1})
    put(api, "p000", {"account": "shop.example", "value": 2}, {"account": "shop.example", "population": "prospect"})
    assert [(one["population"], one["value"]) for one in listed(api)] == [("customer", 2), ("prospect", None)]
    assert api.get("/v1/accounts/counts?partner=p000").json()["data"] == {"customer": 1, "prospect": 1}
    assert api.get("/v1/accounts/counts?partner=p001").json()["data"] == {}
    assert len(listed(api, population="prospect")) == 1


def test_free_mail_names_no_company_and_is_told(api):
    sent = [{"account": "a@gmail.com", "client_reference_id": "r0"}, {"account": "shop.example"}]
    told = put(api, "p000", *sent).json()["data"]
    assert told == {"kept": 1, "left_out": [{"index": 0, "client_reference_id": "r0"}]}
    assert len(listed(api)) == 1


def test_accounts_are_deleted_by_population_or_all(api):
    put(api, "p000", {"account": "a.example"}, {"account": "b.example", "population": "prospect"})
    put(api, "p001", {"account": "a.example"})
    assert api.delete("/v1/accounts?partner=p000&population=prospect").json()["data"] == {"deleted": 1}
    assert api.delete("/v1/accounts?partner=p000").json()["data"] == {"deleted": 1}
    assert api.delete("/v1/accounts?partner=p000").json()["data"] == {"deleted": 0}
    assert len(listed(api, "p001")) == 1


def test_pages_list_each_account_once(api):
    put(api, "p000", *({"account": f"shop{number}.example"} for number in range(23)))
    found, cursor = [], None
    while True:
        asked = {"partner": "p000", "limit": 5} | ({"cursor": cursor} if cursor else {})
        answer = api.get("/v1/accounts", params=asked).json()
        found += [one["account"] for one in answer["data"]]
        cursor = answer["pagination"]["next_cursor"]
        if cursor is None:
            break
    assert found == sorted(hash_account(f"shop{number}.example", KEY) for number in range(23))


def test_the_partner_must_stand(api):
    problem(put(api, "nobody", {"account": "a.example"}), 404, "unknown_partner")
    problem(api.get("/v1/accounts?partner=nobody"), 404, "unknown_partner")
    problem(api.get("/v1/accounts/counts?partner=nobody"), 404, "unknown_partner")
    problem(api.delete("/v1/accounts?partner=nobody"), 404, "unknown_partner")
    assert pointers(problem(api.get("/v1/accounts"), 422, "invalid_request")) == ["/query/partner"]


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"account": ""}, "/accounts/0/account"),
        ({"account": "  "}, "/accounts/0/account"),
        ({"population": "friends"}, "/accounts/0/population"),
        ({"value": "much"}, "/accounts/0/value"),
        ({"colour": 1}, "/accounts/0/colour"),
    ],
)
def test_a_wrong_field_is_named(api, wrong, where):
    assert pointers(problem(put(api, "p000", {"account": "a.example", **wrong}), 422, "invalid_request")) == [where]


def test_without_a_key_no_name_is_taken(start):
    api = start().api
    problem(put(api, "p000", {"account": "a.example"}), 422, "invalid_setting")
    assert listed(api) == []
