"""The same tests on SQLite and, where MATCHMAKER_TEST_POSTGRES names a server, on PostgreSQL: a database of its own each."""

import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

import pytest
import sqlalchemy as sa

from matchmaker.store.database import Database

SERVER = os.environ.get("MATCHMAKER_TEST_POSTGRES", "")


@contextmanager
def url_of(kind, folder):
    """The URL of a database of this kind, that is nowhere else used; a file of it stands below `folder`."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/store/matchmaker.db"
        return
    if not SERVER:
        pytest.skip("MATCHMAKER_TEST_POSTGRES names no server")
    server = sa.create_engine(SERVER, isolation_level="AUTOCOMMIT")
    name = f"matchmaker_{uuid.uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield sa.make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    with url_of(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def database(url):
    found = Database(url)
    found.migrate()
    yield found
    found.close()


def at_once(count, function):
    """What `function(number)` gives for each of `count` threads that begin together; what one raises is raised."""
    barrier = Barrier(count)

    def run(number):
        barrier.wait()
        return function(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
