import datetime as dt
import time

from matchmaker.profiles.schema import Activity
from matchmaker.store import activity
from tests.store.conftest import at_once


def happened(source="a", target="b", **more):
    return Activity(**{"from": source, "to": target, "date": dt.date(2026, 3, 1), **more})


def add(database, made, ids=None):
    with database.writing() as writing:
        return activity.add(writing, made, ids)


def page(database, after=0, limit=100, **options):
    with database.reading() as connection:
        return activity.page(connection, after, limit, **options)


def test_what_was_added_is_read_in_order(database):
    made = [happened(kind="referral", value=2.5, currency="EUR", note="ünï"), happened("b", "c"), happened("c", "a")]
    stored = add(database, made)
    assert [one.activity for one in stored] == made
    assert page(database) == stored
    assert page(database, stored[0].number, 1) == stored[1:2]
    assert [one.activity for one in page(database, partner="a")] == [made[0], made[2]]
    assert [one.activity for one in page(database, stored[0].number, partner="a")] == [made[2]]
    assert len({one.id for one in stored}) == 3


def test_an_id_is_written_once_and_the_repeat_is_told(database):
    first, second = add(database, [happened(), happened("b", "c")], ["one", None])
    again, fresh, twice = add(database, [happened(note="other"), happened("c", "d"), happened()], ["one", "two", "two"])
    assert not first.repeated and not second.repeated
    assert (again.repeated, again.activity, again.number) == (True, first.activity, first.number)
    assert (fresh.repeated, twice.repeated, twice.activity) == (False, True, happened("c", "d"))
    assert [one.id for one in page(database)] == ["one", second.id, "two"]
    assert add(database, []) == []


def test_one_id_of_many_at_once_is_new_once(database):
    found = at_once(5, lambda _: add(database, [happened()], ["one"])[0].repeated)
    assert sorted(found) == [False, True, True, True, True]
    assert len(page(database)) == 1


def test_a_cursor_skips_none_while_others_write(database):
    """Numbers are committed in their order, as those of changes are."""
    seen = []

    def work(number):
        if number:
            for _ in range(8):
                add(database, [happened(), happened()])
            return
        end = time.monotonic() + 60
        while len(seen) < 48 and time.monotonic() < end:
            seen.extend(one.number for one in page(database, seen[-1] if seen else 0))

    at_once(4, work)
    assert [one.number for one in page(database)] == seen
