import subprocess
import sys
import threading

import pytest
import sqlalchemy as sa

from matchmaker.errors import SettingsError, StoreError
from matchmaker.store import partners, tables
from matchmaker.store.database import Database, now
from tests.conftest import make_partner


def test_migrated_tables_are_those_of_the_code(database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_migrating_again_or_at_once_changes_nothing(url):
    databases = [Database(url) for _ in range(3)]
    threads = [threading.Thread(target=one.migrate) for one in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    databases[0].migrate()
    assert databases[1].newest() == 0
    for one in databases:
        one.close()


def test_changes_are_numbered_without_gaps_in_the_order_of_commits(database):
    with database.writing() as writing:
        assert writing.numbers("partner", ["a", "b"], now()) == [1, 2]
    with database.writing() as writing:
        assert writing.numbers("relation", ["r"], now()) == [3]
    assert [(one.number, one.kind, one.target) for one in database.changes(1)] == [
        (2, "partner", "b"),
        (3, "relation", "r"),
    ]
    assert [one.number for one in database.changes(0, limit=2)] == [1, 2]
    assert database.newest() == 3


def test_what_fails_leaves_nothing_behind(database):
    with pytest.raises(ZeroDivisionError), database.writing() as writing:
        partners.put(writing, [make_partner(1)])
        _ = 1 / 0
    assert database.newest() == 0
    with database.reading() as connection:
        assert partners.count(connection) == 0


def test_a_reader_sees_one_moment(database):
    with database.reading() as connection:
        before = partners.count(connection)
        with database.writing() as writing:
            partners.put(writing, [make_partner(1)])
        assert partners.count(connection) == before
    with database.reading() as connection:
        assert partners.count(connection) == before + 1


def test_writers_at_once_lose_no_change(database):
    def write(worker):
        for number in range(10):
            with database.writing() as writing:
                partners.put(writing, [make_partner(number, id=f"w{worker}-{number}")])

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = database.changes(0)
    assert [one.number for one in seen] == list(range(1, 41))
    assert len({one.target for one in seen}) == 40


def test_a_follower_never_misses_a_change_of_a_slow_writer(database):
    """A writer that has its number must commit before any other gets a higher one."""
    order = []
    taken = threading.Event()

    def slow():
        with database.writing() as writing:
            writing.numbers("partner", ["slow"], now())
            taken.set()
            threading.Event().wait(0.3)
            order.append("slow")

    thread = threading.Thread(target=slow)
    thread.start()
    taken.wait()
    with database.writing() as writing:
        writing.numbers("partner", ["quick"], now())
        order.append("quick")
    thread.join()
    assert order == ["slow", "quick"]
    assert [one.target for one in database.changes(0)] == ["slow", "quick"]


def test_a_write_survives_the_death_of_its_process_at_once(url, database):
    code = f"""
import os, signal
from matchmaker.store import partners
from matchmaker.store.database import Database
from tests.conftest import make_partner
with Database({url!r}).writing() as writing:
    partners.put(writing, [make_partner(7)])
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    with database.reading() as connection:
        assert [one.partner for one in partners.page(connection, "", 10)] == [make_partner(7)]


def test_a_ping_fails_where_nothing_can_be_answered(url, database):
    database.ping()
    with database.writing() as writing:
        writing.sql.execute(sa.delete(tables.counters))
    with pytest.raises(StoreError, match="not migrated"):
        database.ping()
    with database.writing() as writing:
        writing.sql.execute(sa.text("DROP TABLE counters"))
    with pytest.raises(StoreError, match="counters"):
        database.ping()
    with pytest.raises(StoreError):
        Database("postgresql+psycopg://me@127.0.0.1:1/none").ping()


def test_tables_of_the_first_version_are_brought_up_to_date(url):
    from alembic import command
    from alembic.config import Config

    old = Database(url)
    config = Config()
    config.set_main_option("script_location", "matchmaker.store:migrations")
    with old.writing() as writing:
        config.attributes["connection"] = writing.sql
        command.upgrade(config, "0001")
    with old.writing() as writing:
        row = {"at": now(), "owner": "o", "action": "a", "target": "t", "request_id": "r"}
        writing.sql.execute(sa.insert(tables.audit).values(row))
        partners.put(writing, [make_partner(1)])
    old.migrate()
    with old.reading() as connection:
        assert [one.partner for one in partners.page(connection, "", 10)] == [make_partner(1)]
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.jobs)) == 0
        assert connection.scalar(sa.select(sa.func.count()).select_from(tables.audit)) == 1
    old.close()


@pytest.mark.parametrize("wrong", ["", "no url", "mysql://host/db"])
def test_other_databases_are_refused(wrong):
    with pytest.raises(SettingsError):
        Database(wrong)


def test_a_database_that_cannot_be_opened_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("not a database, but long enough to be read as one" * 100)
    broken = Database(f"sqlite:///{tmp_path}/file")
    with pytest.raises(StoreError, match="file"):
        broken.newest()
    with pytest.raises(StoreError):
        Database(f"sqlite:///{tmp_path}/file/below/x.db")


def test_passwords_are_not_told():
    database = Database("postgresql+psycopg://me:hunter2@127.0.0.1:1/none")
    with pytest.raises(StoreError) as refused:
        database.newest()
    assert "hunter2" not in str(refused.value)
    assert "127.0.0.1" in str(refused.value)


def test_times_keep_their_zone(database):
    at = now()
    with database.writing() as writing:
        writing.numbers("partner", ["a"], at)
        assert writing.sql.scalar(sa.select(tables.changes.c.at)) == at


def test_sqlite_has_each_commit_on_the_disk(tmp_path):
    """What a killed process cannot show: a power cut would lose what only the operating system holds."""
    database = Database(f"sqlite:///{tmp_path}/x.db")
    database.migrate()
    with database.reading() as connection:
        assert connection.scalar(sa.text("PRAGMA synchronous")) == 2
        assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
    database.close()
