"""The database behind the store: SQLite by default, PostgreSQL by URL; transactions, migrations, the change sequence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from matchmaker.errors import SettingsError, StoreError
from matchmaker.store import tables

_BUSY_MS = 10_000
"""How long a writer of SQLite waits for another one."""
_MIGRATION_LOCK = 72_727_001
"""PostgreSQL's advisory lock under which one process at a time brings the tables up to date."""
_UNMIGRATED = "The store has no change counter: it was not migrated."


@dataclass(frozen=True)
class Change:
    """One change. number: its place in the sequence; kind: what changed (partner, relation, account); target: its id."""

    number: int
    kind: str
    target: str


class Database:
    """Transactions on one database. A write is durable once `writing` has ended without an error."""

    def __init__(self, url: str) -> None:
        """Open `url`: sqlite:///file, or postgresql+psycopg://user:password@host/name. Raises SettingsError, StoreError."""
        try:
            parsed = sa.make_url(url)
        except sa.exc.ArgumentError as error:
            raise SettingsError(
                "The store's URL cannot be read: give sqlite:///FILE or postgresql+psycopg://…"
            ) from error
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise SettingsError(f"The store speaks sqlite and postgresql, not {parsed.get_backend_name()}.")
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.url = parsed.render_as_string(hide_password=True)
        with _told(self.url):
            if self.is_sqlite and parsed.database not in (None, "", ":memory:"):
                Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
            try:
                self._engine = sa.create_engine(parsed, pool_pre_ping=not self.is_sqlite)
            except ModuleNotFoundError as error:
                raise SettingsError(
                    f"The driver of {self.url} is not installed: pip install 'matchmaker[postgresql]', and begin the URL with "
                    "postgresql+psycopg://."
                ) from error
        if self.is_sqlite:
            sa.event.listen(self._engine, "connect", _prepare)
            sa.event.listen(self._engine, "begin", _begin)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A consistent view: what others commit meanwhile is not seen. Raises StoreError."""
        with _told(self.url), self._engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """One transaction: all of it is kept, or nothing. Raises StoreError."""
        with _told(self.url), self._writer() as connection:
            yield Writing(connection)

    def changes(self, after: int, limit: int = 1000) -> list[Change]:
        """The changes of a higher number than `after`, in order."""
        table = tables.changes
        query = sa.select(table.c.number, table.c.kind, table.c.target).where(table.c.number > after)
        with self.reading() as connection:
            return [Change(*row) for row in connection.execute(query.order_by(table.c.number).limit(limit))]

    def newest(self) -> int:
        """Number of the newest change, 0 without any."""
        with self.reading() as connection:
            return int(connection.scalar(sa.select(sa.func.max(tables.changes.c.number))) or 0)

    def ping(self) -> None:
        """One cheap read of a table that was migrated; for readiness. Raises StoreError."""
        counter = tables.counters
        with _told(self.url), self._engine.connect() as connection:
            if connection.scalar(sa.select(counter.c.value).where(counter.c.name == tables.SEQUENCE)) is None:
                raise StoreError(_UNMIGRATED)

    def migrate(self) -> None:
        """Bring the tables up to date; several processes may try at once. Raises StoreError."""
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", "matchmaker.store:migrations")
        with _told(self.url), self._writer() as connection:
            if not self.is_sqlite:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    @contextmanager
    def _writer(self) -> Iterator[sa.Connection]:
        with self._engine.connect().execution_options(matchmaker_writes=True) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


class Writing:
    """A transaction that writes. `sql` is its connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self.sql = connection

    def alone(self) -> None:
        """Wait for the writers of numbered rows, and keep others waiting until the end: what is read from here on stands.

        Without it two writers on PostgreSQL could read the same revision, and both raise it. SQLite has one writer anyway.
        """
        if self.sql.dialect.name != "sqlite":
            counter = tables.counters
            self.sql.execute(sa.select(counter.c.value).where(counter.c.name == tables.SEQUENCE).with_for_update())

    def numbers(self, kind: str, targets: Sequence[str], at: dt.datetime) -> list[int]:
        """Note that `targets` change, and the number of each change.

        The counter's row stays locked until the transaction ends, so that numbers are committed in their order: who has read up
        to n will never find a change below n later.
        """
        counter = tables.counters
        raised = sa.update(counter).where(counter.c.name == tables.SEQUENCE)
        last = self.sql.scalar(raised.values(value=counter.c.value + len(targets)).returning(counter.c.value))
        if last is None:
            raise StoreError(_UNMIGRATED)
        found = list(range(int(last) - len(targets) + 1, int(last) + 1))
        if targets:
            rows = [
                {"number": number, "kind": kind, "target": target, "at": at}
                for number, target in zip(found, targets, strict=True)
            ]
            self.sql.execute(sa.insert(tables.changes), rows)
        return found


def now() -> dt.datetime:
    """The time, UTC."""
    return dt.datetime.now(dt.UTC)


def _prepare(connection: Any, record: Any) -> None:  # noqa: ANN401 - the driver's own objects
    """WAL, so that readers never wait for a writer; every commit is on the disk before it is acknowledged."""
    del record
    connection.isolation_level = None  # transactions are begun by _begin
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: sa.Connection) -> None:
    """A writer takes its lock at once: one that read first could not be let in after another had written."""
    writes = connection.get_execution_options().get("matchmaker_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Turn what the database refuses into a StoreError that names it, without its statement's values."""
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()
        raise StoreError(f"The store {url} refused: {cause[0] if cause else type(error).__name__}") from error
    except OSError as error:
        raise StoreError(f"The store {url} cannot be opened: {error.strerror or error}") from error
