import datetime as dt

import pytest

from matchmaker.store import jobs
from tests.store.conftest import at_once


@pytest.fixture
def clock(monkeypatch):
    """Seconds to add to the time that jobs.py reads."""
    shift, real = [0.0], jobs.now
    monkeypatch.setattr(jobs, "now", lambda: real() + dt.timedelta(seconds=shift[0]))
    return shift


def make(database, **more):
    with database.writing() as writing:
        return jobs.create(writing, more.pop("kind", "scores"), more.pop("request", '{"k":10}'), **more)


def do(database, function, *args, **options):
    with database.writing() as writing:
        return function(writing, *args, **options)


def read(database, job):
    with database.reading() as connection:
        return jobs.get(connection, job.id)


def test_a_job_from_its_request_to_its_result(database):
    made = make(database, total=100, key="k1", format="csv")
    assert (made.status, made.done, made.failed, made.total, made.attempts) == ("queued", 0, 0, 100, 0)
    assert read(database, made) == made
    held = do(database, jobs.claim, "w1", 30)
    assert (held.id, held.status, held.owner, held.request, held.attempts) == (made.id, "running", "w1", '{"k":10}', 1)
    assert held.lease_until == held.updated_at + dt.timedelta(seconds=30)
    assert do(database, jobs.claim, "w2", 30) is None
    assert do(database, jobs.beat, made.id, "w1", 60, done=40, failed=2)
    assert do(database, jobs.beat, made.id, "w1", 60)
    going = read(database, made)
    assert (going.done, going.failed, going.total) == (40, 2, 100)
    assert going.lease_until > held.lease_until
    assert do(database, jobs.finish, made.id, "w1", "result-1")
    ended = read(database, made)
    assert (ended.status, ended.result, ended.format, ended.done, ended.owner) == ("done", "result-1", "csv", 40, None)
    assert ended.finished_at is not None
    assert not do(database, jobs.finish, made.id, "w1", "another")
    assert not do(database, jobs.beat, made.id, "w1", 60)
    assert do(database, jobs.cancel, made.id) is None
    assert read(database, made) == ended


def test_a_job_that_fails_says_why(database):
    made = make(database)
    assert not do(database, jobs.fail, made.id, "w1", "not mine")
    do(database, jobs.claim, "w1", 30)
    assert not do(database, jobs.fail, made.id, "w2", "not mine")
    assert do(database, jobs.fail, made.id, "w1", "no such partner")
    assert (read(database, made).status, read(database, made).error) == ("failed", "no such partner")
    assert do(database, jobs.claim, "w1", 30) is None


def test_a_cancelled_job_is_no_longer_its_workers(database):
    queued, running = make(database), make(database)
    assert do(database, jobs.cancel, queued.id).status == "cancelled"
    assert do(database, jobs.claim, "w1", 30).id == running.id
    assert do(database, jobs.cancel, running.id).finished_at is not None
    assert not do(database, jobs.beat, running.id, "w1", 30, done=1)
    assert not do(database, jobs.finish, running.id, "w1", "late")
    assert (read(database, running).status, read(database, running).result) == ("cancelled", None)
    assert do(database, jobs.cancel, "unknown") is None
    assert do(database, jobs.claim, "w1", 30) is None


def test_a_job_whose_worker_died_is_taken_over_with_its_counts(database, clock):
    made = make(database)
    do(database, jobs.claim, "w1", 30)
    do(database, jobs.beat, made.id, "w1", 30, done=7)
    clock[0] = 29
    assert do(database, jobs.claim, "w2", 30) is None
    clock[0] = 31
    taken = do(database, jobs.claim, "w2", 30)
    assert (taken.id, taken.owner, taken.attempts, taken.done) == (made.id, "w2", 2, 7)
    assert not do(database, jobs.beat, made.id, "w1", 30, done=8)
    assert not do(database, jobs.finish, made.id, "w1", "of the late one")
    assert do(database, jobs.finish, made.id, "w2", "of the second")
    assert read(database, made).result == "of the second"


def test_a_job_that_kills_its_workers_fails_and_the_next_one_is_begun(database, clock):
    poison = make(database)
    for number in range(jobs.ATTEMPTS):
        assert do(database, jobs.claim, f"w{number}", 30).attempts == number + 1
        clock[0] += 31
    fine = make(database)
    assert do(database, jobs.claim, "w9", 30).id == fine.id
    assert read(database, poison).status == "failed"
    assert "3 times" in read(database, poison).error


def test_the_oldest_is_begun_first_and_the_newest_listed_first(database, clock):
    made = []
    for number in range(7):
        clock[0] = number
        made.append(make(database, key="ab"[number % 2], kind=("scores", "matches")[number // 4]))
    made.sort(key=lambda one: one.id)
    assert do(database, jobs.claim, "w1", 30).id == made[0].id
    with database.reading() as connection:
        first = jobs.page(connection, None, 3)
        assert [one.id for one in first] == [one.id for one in made[:-4:-1]]
        rest = jobs.page(connection, first[-1].id, 10)
        assert [one.id for one in first + rest] == [one.id for one in reversed(made)]
        assert {one.key for one in jobs.page(connection, None, 10, key="a")} == {"a"}
        assert [one.id for one in jobs.page(connection, None, 10, status="running")] == [made[0].id]
        assert len(jobs.page(connection, None, 10, key="a", kind="matches", status="queued")) == 2


def test_what_ended_long_ago_is_forgotten(database, clock):
    old, recent, running = (make(database) for _ in range(3))
    do(database, jobs.cancel, old.id)
    clock[0] = 1_000
    do(database, jobs.cancel, recent.id)
    gone = do(database, jobs.forget_before, jobs.now() - dt.timedelta(seconds=500))
    assert [one.id for one in gone] == [old.id]
    assert read(database, old) is None
    assert read(database, recent).status == "cancelled"
    assert read(database, running).status == "queued"


def test_no_two_workers_hold_one_job(database):
    made = {make(database).id for _ in range(20)}

    def work(number):
        held = []
        while (job := do(database, jobs.claim, f"w{number}", 60)) is not None:
            assert (job.owner, job.attempts) == (f"w{number}", 1)
            held.append(job.id)
        return held

    held = [one for each in at_once(5, work) for one in each]
    assert len(held) == 20
    assert set(held) == made


def test_a_job_that_another_is_claiming_is_skipped_not_waited_for(database):
    """On SQLite, which has one writer at a time, the second one comes after the first one's commit."""
    first, second = sorted((make(database), make(database)), key=lambda one: one.id)
    with database.writing() as one:
        assert jobs.claim(one, "w1", 60).id == first.id
        if not database.is_sqlite:
            assert do(database, jobs.claim, "w2", 60).id == second.id
    if database.is_sqlite:
        assert do(database, jobs.claim, "w2", 60).id == second.id
