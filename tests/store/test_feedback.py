import datetime as dt

import pytest

from matchmaker.errors import SettingsError
from matchmaker.store import feedback
from matchmaker.store.feedback import Impression, Outcome
from tests.store.conftest import at_once

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def shown(name, partner="a", rank=1):
    return Impression(name, partner, f"to-{name}", rank, "bundle-7", NOON)


def came(name, outcome, hours=1, note=None):
    return Outcome(name, outcome, NOON + dt.timedelta(hours=hours), note)


def add(database, impressions=(), outcomes=()):
    with database.writing() as writing:
        return feedback.add_impressions(writing, impressions) + feedback.add_outcomes(writing, outcomes)


def observed(database, after=0, limit=100, **options):
    with database.reading() as connection:
        return feedback.observed(connection, after, limit, **options)


def test_each_impression_has_its_last_outcome(database):
    add(database, [shown("r1"), shown("r2", rank=2), shown("r3")])
    add(
        database,
        (),
        [
            came("r1", "activated", 9, "went live"),
            came("r1", "accepted", 2),
            came("r3", "accepted", 4),
            came("r3", "declined", 4),
        ],
    )
    found = observed(database)
    assert [one.impression for one in found] == [shown("r1"), shown("r2", rank=2), shown("r3")]
    assert [one.outcome for one in found] == [came("r1", "activated", 9, "went live"), None, came("r3", "declined", 4)]
    with database.reading() as connection:
        assert feedback.of(connection, "r1") == [came("r1", "accepted", 2), came("r1", "activated", 9, "went live")]
        assert feedback.of(connection, "r2") == []


def test_impressions_are_paged_and_filtered(database):
    add(database, [shown(f"r{number}", partner="ab"[number % 2]) for number in range(7)])
    first = observed(database, 0, 3)
    assert [one.impression.recommendation_id for one in first] == ["r0", "r1", "r2"]
    assert [one.impression.recommendation_id for one in observed(database, first[-1].number, 3)] == ["r3", "r4", "r5"]
    assert [one.impression.recommendation_id for one in observed(database, partner="b")] == ["r1", "r3", "r5"]
    assert observed(database, 10_000) == []


def test_repeats_are_told_and_the_first_stands(database):
    assert add(database, [shown("r1"), shown("r1", rank=5), shown("r2")]) == [True, False, True]
    assert add(database, [shown("r2", rank=9)]) == [False]
    said = [came("r1", "accepted"), came("r1", "declined", 2), came("r1", "accepted", 3)]
    assert add(database, (), said) == [True, True, False]
    assert add(database, (), [came("r1", "accepted", 4)]) == [False]
    assert [one.impression.rank for one in observed(database)] == [1, 1]
    assert observed(database)[0].outcome == came("r1", "declined", 2)


def test_an_outcome_may_come_before_its_impression(database):
    add(database, (), [came("r1", "accepted")])
    assert observed(database) == []
    add(database, [shown("r1")])
    assert observed(database)[0].outcome == came("r1", "accepted")


def test_unknown_outcomes_are_refused(database):
    with pytest.raises(SettingsError, match="accepted, declined, activated"):
        add(database, [shown("r1")], [came("r1", "accepted"), came("r1", "maybe")])
    assert observed(database) == []


def test_the_same_at_once_is_new_once(database):
    found = at_once(5, lambda _: add(database, [shown("r1")], [came("r1", "accepted")]))
    assert sorted(found) == [[False, False]] * 4 + [[True, True]]
    assert len(observed(database)) == 1
