import datetime as dt
import time

import pytest

from matchmaker.store import activity, idempotency
from matchmaker.store.database import now
from matchmaker.store.idempotency import Different, New, Replay
from tests.store.conftest import at_once
from tests.store.test_activity import happened

ONE, OTHER = b"1" * 32, b"2" * 32
ANSWER = (201, {"etag": '"7"'}, b'{"id":"\xc3\xbc"}')


def ask(database, key="a key", request=ONE, owner="k1", before=lambda: None):
    """What the service does: one transaction of the question, the write and the answer."""
    with database.writing() as writing:
        known = idempotency.remembered(writing, owner, key, request)
        if isinstance(known, New):
            activity.add(writing, [happened()])
            before()
            idempotency.remember(writing, owner, key, *ANSWER)
        return known


def written(database):
    with database.reading() as connection:
        return len(activity.page(connection, 0, 100))


def test_what_is_asked_twice_is_done_once_and_answered_alike(database):
    assert ask(database) == New()
    assert ask(database) == ask(database) == Replay(*ANSWER)
    assert written(database) == 1


def test_a_key_is_for_one_request_of_one_owner(database):
    ask(database)
    assert ask(database, request=OTHER) == Different()
    assert written(database) == 1
    assert ask(database, owner="k2") == New()
    assert ask(database, key="another") == New()
    assert ask(database) == Replay(*ANSWER)
    assert written(database) == 3


def test_what_failed_is_not_remembered(database):
    with pytest.raises(ZeroDivisionError):
        ask(database, before=lambda: 1 / 0)
    assert written(database) == 0
    assert ask(database, request=OTHER) == New()
    assert ask(database, request=OTHER) == Replay(*ANSWER)


def test_who_kept_no_answer_is_followed_by_another(database):
    with database.writing() as writing:
        assert idempotency.remembered(writing, "k1", "a key", OTHER) == New()
    assert ask(database) == New()
    assert ask(database) == Replay(*ANSWER)


def test_of_requests_at_once_one_runs(database):
    found = at_once(5, lambda _: ask(database, before=lambda: time.sleep(0.1)))
    assert sorted(type(one).__name__ for one in found) == ["New"] + ["Replay"] * 4
    assert found.count(Replay(*ANSWER)) == 4
    assert written(database) == 1


def test_of_different_requests_at_once_one_runs(database):
    found = at_once(4, lambda number: ask(database, request=bytes([number]) * 32, before=lambda: time.sleep(0.1)))
    assert sorted(type(one).__name__ for one in found) == ["Different"] * 3 + ["New"]
    assert written(database) == 1


def test_where_the_first_of_two_fails_the_second_writes(database):
    def work(number):
        def slow():
            if number == 0:
                time.sleep(0.3)
                raise ZeroDivisionError

        time.sleep(0.1 * number)
        try:
            return ask(database, before=slow)
        except ZeroDivisionError:
            return None

    assert at_once(2, work) == [None, New()]
    assert written(database) == 1
    assert ask(database) == Replay(*ANSWER)


def test_old_answers_are_forgotten(database):
    ask(database)
    with database.writing() as writing:
        assert idempotency.forget_before(writing, now() - dt.timedelta(hours=1)) == 0
        assert idempotency.forget_before(writing, now() + dt.timedelta(seconds=1)) == 1
    assert ask(database) == New()
