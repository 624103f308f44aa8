import datetime as dt
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matchmaker.errors import SettingsError
from matchmaker.profiles.accounts import POPULATIONS, hash_account
from matchmaker.store import accounts, tables
from matchmaker.store.accounts import START, Account
from tests.store.conftest import at_once

KEY = b"a key of the tests, long enough"


def account(partner, name, population="customer", **more):
    return Account(partner, hash_account(name, KEY), population, "0123abcd", **more)


def put(database, *made):
    with database.writing() as writing:
        return accounts.put(writing, made)


def everything(database, size=3, **options):
    seen, after = [], START
    with database.reading() as connection:
        while found := accounts.page(connection, after, size, **options):
            seen += found
            after = found[-1].place
    return seen


def test_what_was_put_is_read_in_pages(database):
    made = [account(f"p{number % 3}", f"shop{number}.com", POPULATIONS[number % 2]) for number in range(11)]
    rich = account("p9", "rich.com", segment="ünï", value=12.25, currency="EUR", date=dt.date(2026, 1, 31))
    put(database, *made, rich)
    assert everything(database) == sorted([*made, rich], key=lambda one: one.place)
    assert everything(database, partner="p9") == [rich]
    mine = [one for one in made if one.partner == "p1" and one.population == "prospect"]
    assert everything(database, 1, partner="p1", population="prospect") == sorted(mine, key=lambda one: one.place)


def test_one_change_a_partner_and_write(database):
    assert put(database, account("b", "x.com"), account("a", "x.com"), account("b", "y.com")) == {"b": 1, "a": 2}
    assert put(database) == {}
    assert [(one.number, one.kind, one.target) for one in database.changes(0)] == [
        (1, "account", "b"),
        (2, "account", "a"),
    ]


def test_a_row_is_replaced_and_the_last_of_several_stands(database):
    put(database, account("a", "x.com", value=1.0, segment="old"), account("a", "x.com", "prospect"))
    put(database, account("a", "x.com", value=2.0), account("a", "x.com", value=3.0))
    assert [(one.population, one.value, one.segment) for one in everything(database)] == [
        ("customer", 3.0, None),
        ("prospect", None, None),
    ]


def test_all_or_listed_accounts_are_deleted_of_one_partner(database):
    put(
        database, *(account(who, f"{name}.com") for who in "ab" for name in "uvwxyz"), account("a", "u.com", "prospect")
    )
    with database.writing() as writing:
        assert accounts.delete(writing, "a", [hash_account("v.com", KEY), hash_account("none.com", KEY)]) == 1
        assert accounts.delete(writing, "a", [hash_account("u.com", KEY)], population="prospect") == 1
        assert accounts.delete(writing, "a", []) == 0
        assert accounts.delete(writing, "nobody") == 0
    assert [one.target for one in database.changes(2)] == ["a", "a"]
    with database.writing() as writing:
        assert accounts.delete(writing, "a", population="customer") == 5
    assert {one.partner for one in everything(database)} == {"b"}
    with database.writing() as writing:
        many = [hash_account(f"{number}.com", KEY) for number in range(1_200)]
        assert accounts.delete(writing, "b", [*many, hash_account("z.com", KEY)]) == 1


def test_accounts_are_counted(database):
    put(
        database, account("a", "x.com"), account("a", "y.com"), account("a", "x.com", "prospect"), account("b", "x.com")
    )
    with database.reading() as connection:
        assert accounts.counts(connection) == {"a": {"customer": 2, "prospect": 1}, "b": {"customer": 1}}
        assert accounts.counts(connection, "b") == {"b": {"customer": 1}}
        assert accounts.counts(connection, "c") == {}


ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("uvwxyz"), st.sampled_from(POPULATIONS)), max_size=40)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, others=st.none() | st.lists(st.sampled_from("bcd"), unique=True))
def test_shared_accounts_are_those_counted_by_hand(database, rows, others):
    with database.writing() as writing:
        writing.sql.execute(tables.accounts.delete())
    put(database, *(account(*row) for row in rows))
    expected = Counter(
        (theirs[0], mine[2], theirs[2])
        for mine in set(rows)
        for theirs in set(rows)
        if mine[0] == "a" != theirs[0] and mine[1] == theirs[1] and (others is None or theirs[0] in others)
    )
    with database.reading() as connection:
        found = accounts.overlap_counts(connection, "a", others)
    assert {(who, *cell): count for who, cells in found.items() for cell, count in cells.items()} == expected


@pytest.mark.parametrize("wrong", [{"population": "friend"}, {"account": "shop.com"}, {"account": "G" * 32}])
def test_unknown_populations_and_raw_names_are_refused(database, wrong):
    fields = {"partner": "a", "account": "0" * 32, "population": "customer", "key_id": "0123abcd"} | wrong
    with pytest.raises(SettingsError):
        put(database, account("a", "x.com"), Account(**fields))
    assert everything(database) == []


def test_writers_at_once_lose_nothing(database):
    at_once(4, lambda number: put(database, *(account(f"p{one}", f"s{number // 2}.com") for one in range(8))))
    assert len(everything(database, 100)) == 16
    assert [one.number for one in database.changes(0)] == list(range(1, 33))


def test_accounts_of_one_key_are_read_in_parts_of_any_size(database):
    made = [account(f"p{number % 3}", f"shop{number}.com", POPULATIONS[number % 3]) for number in range(20)]
    other = Account("p1", hash_account("else.com", KEY), "customer", "ffffffff")
    put(database, *made, other)
    right = [(*one.place, one.value, one.currency) for one in sorted(made, key=lambda one: one.place)]
    with database.reading() as connection:
        for size in (1, 7, 20, 21, 100):
            assert [tuple(row)[:5] for part in accounts.held(connection, "0123abcd", size) for row in part] == right


def test_the_newest_change_of_accounts_is_no_other_change(database):
    with database.reading() as connection:
        assert accounts.newest(connection) == 0
    (number,) = put(database, account("a", "x.com")).values()
    with database.writing() as writing:
        writing.numbers("partner", ["a"], dt.datetime.now(dt.UTC))
    with database.reading() as connection:
        assert accounts.newest(connection) == number
