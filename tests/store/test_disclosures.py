"""What was disclosed stands, for every process: the contract of a ledger, on each store."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matchmaker.audience.ledger import Held, MemoryLedger
from matchmaker.store.database import Database
from matchmaker.store.disclosures import Disclosures
from tests.store.conftest import at_once


@pytest.fixture
def ledger(database):
    return Disclosures(database)


def held(release, *counts):
    return Held(release, counts, tuple(count if count >= 20 else None for count in counts))


def test_what_was_put_is_held_with_its_nulls(ledger):
    found = {"[]": held(0, 1_000), '["a", "b"]': held(3, 5, 40, *[0] * 7)}
    ledger.put(found)
    assert ledger.get(["[]", '["a", "b"]', "never"]) == found
    assert ledger.get([]) == {}
    ledger.put({})
    assert ledger.get(found) == found


def test_only_a_later_release_takes_the_place(ledger):
    ledger.put({"a": held(2, 30)})
    ledger.put({"a": held(2, 99), "b": held(0, 50)})
    ledger.put({"a": held(1, 99)})
    assert ledger.get("ab") == {"a": held(2, 30), "b": held(0, 50)}
    ledger.put({"a": held(3, 99)})
    assert ledger.get("a") == {"a": held(3, 99)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.builds(held, st.integers(0, 3), st.integers(0, 40)), max_size=3)
    )
)
def test_it_is_the_ledger_in_memory(database, puts):
    with database.writing() as writing:
        writing.sql.exec_driver_sql("DELETE FROM disclosures")
    right, found = MemoryLedger(), Disclosures(database)
    for one in puts:
        right.put(one)
        found.put(one)
    assert found.get("abc") == right.get("abc")


def test_names_may_be_longer_than_an_index_holds(ledger):
    names = [f'["{"ü" * 3_000}", "{number}"]' for number in range(1_203)]
    ledger.put({name: held(0, 20 + number) for number, name in enumerate(names)})
    assert [one.counts[0] for one in map(ledger.get(names).__getitem__, names)] == [*range(20, 1_223)]


def test_of_several_that_come_at_once_one_is_first_for_all(url, database):
    several = [Database(url) for _ in range(4)]

    def disclose(number):
        mine = Disclosures(several[number])
        names = [f"{name}" for name in range(60)]
        mine.put({name: held(1, 100 + number) for name in (names if number % 2 else reversed(names))})
        return mine.get(names)

    found = at_once(4, disclose)
    assert all(one == found[0] for one in found)
    assert len({one.counts for one in found[0].values()}) >= 1
    for one in several:
        one.close()
