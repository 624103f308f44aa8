"""The service over a small bundle with two versions, in this process, on each store; and read-only over the bundled sample."""

from __future__ import annotations

import dataclasses
import logging
import shutil
import sys
import time
from contextlib import ExitStack, contextmanager

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from matchmaker import Matchmaker
from matchmaker.live import Live
from matchmaker.registry.bundle import make_current, versions
from matchmaker.store import keys, tables
from matchmaker_service.app import create_app
from matchmaker_service.settings import Settings
from tests.conftest import ROOT, WordEncoder, make_catalogue, make_partner
from tests.service.moving import moving_sample
from tests.store.conftest import url, url_of

__all__ = ["url"]
NEW = {
    "name": "New House",
    "description": "We run drones for shops.",
    "audience": "shops in europe selling apparel",
    "goals": ["better returns for shops"],
    "capabilities": ["email for shops"],
    "regions": ["europe"],
    "categories": ["drones"],
    "size": 5000,
}
"""A partner whose goal partner p000 meets, and which meets a goal of p006."""


@dataclasses.dataclass
class Served:
    """A running service. api: a client of it; inner: its services; settings: what it was started with."""

    api: TestClient
    app: object
    settings: Settings

    @property
    def inner(self):
        return self.app.state.services

    def key(self, *scopes, partner=None, **more):
        """The headers of a new key."""
        return {"X-API-Key": keys.create(self.inner.database, "test", scopes, partner, **more)[1]}

    def settled(self):
        """Everything that is written is in the answers."""
        return self.inner.ecosystem.caught_up()

    def emptied(self):
        """Nothing was ever written, no key was ever made."""
        kept = self.inner
        with kept.database.writing() as writing:
            for table in tables.metadata.sorted_tables:
                if table.name not in (tables.counters.name, tables.signing_keys.name):
                    writing.sql.execute(sa.delete(table))
        with kept.ecosystem._catching:
            engine = kept.ecosystem._built_engine
            kept.ecosystem._use(Live(kept.database, engine), engine, kept.ecosystem._lists_of(engine))
        kept.door.__init__(kept.database, self.settings)
        kept.overlaps.__init__(kept.database, self.settings)


@contextmanager
def running(settings, **client):
    """A service that is started, and ended at the end; the log goes back to where it was."""
    root, interval = logging.getLogger(), sys.getswitchinterval()
    handlers, level = root.handlers[:], root.level
    app = create_app(settings)
    try:
        with TestClient(app, **client) as api:
            yield Served(api, app, settings)
    finally:
        root.handlers[:], root.level = handlers, level
        sys.setswitchinterval(interval)


def eventually(holds, seconds=10.0):
    """What `holds` gives, once that is true; asked again and again."""
    until = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < until, f"did not come true within {seconds} s"
        time.sleep(0.02)
    return found


def problem(answer, status, code):
    """The problem of an answer, in the form that all have."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert set(told) == {"type", "title", "status", "detail", "instance", "code", "errors"}
    assert (told["code"], told["status"], told["type"]) == (code, status, f"urn:matchmaker:errors:{code}")
    assert told["instance"] == answer.headers["x-request-id"]
    return told


def pointers(told):
    return [one["pointer"] for one in told["errors"]]


@pytest.fixture(scope="session")
def both(engine, encoder, tmp_path_factory):
    """A bundle folder with two versions; the later one has a partner more. The first is current."""
    folder = tmp_path_factory.mktemp("both")
    engine.save(folder)
    (first,) = versions(folder)
    more = make_partner(40, id="later", name="Later House")
    Matchmaker(encoder=encoder).fit(make_catalogue(40, more)).save(folder)
    make_current(folder, first)
    return folder


@pytest.fixture
def model(both, tmp_path):
    """A copy of the bundle folder that a test may change."""
    return shutil.copytree(both, tmp_path / "model")


@pytest.fixture(scope="module")  # no longer: others in this process open the real one
def words():
    """Bundles of the small ecosystem find their encoder, which needs no model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matchmaker.encoders.open_encoder", lambda *_, **__: WordEncoder())
        yield


@pytest.fixture
def start(words, model, tmp_path):
    """Starts services over the same bundle folder and data folder; any setting may be given."""
    with ExitStack() as opened:

        def begin(**given):
            told = {"model": model, "data_dir": tmp_path / "data", "log_level": "error", "encode_apart": False, **given}
            return opened.enter_context(running(Settings(**told)))

        yield begin


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lasting(request, words, both, tmp_path_factory):
    """A service on each store, for all tests of a file: starting one takes longer than most of them."""
    folder = tmp_path_factory.mktemp("lasting")
    with url_of(request.param, folder) as url:
        settings = Settings(
            model=both, database=url, data_dir=folder, account_key="k" * 32, log_level="error", encode_apart=False
        )
        with running(settings) as found:
            yield found


@pytest.fixture
def served(lasting):
    """A service on each store, in which nothing was written yet; the bundle folder is not to be changed."""
    lasting.emptied()
    return lasting


@pytest.fixture
def api(served):
    return served.api


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    """The bundled sample, for tests that write nothing."""
    data = tmp_path_factory.mktemp("sample")
    settings = Settings(model=ROOT / "models" / "sample", data_dir=data, log_level="error", encode_apart=False)
    with running(settings) as found:
        yield found


@pytest.fixture(scope="session")
def oracle():
    """The engine over the bundled sample, with no service around it."""
    return Matchmaker.load(ROOT / "models" / "sample", background_check=False)


@pytest.fixture(scope="module")
def calm(words, both, tmp_path_factory):
    """The small ecosystem, for tests that write nothing."""
    settings = Settings(model=both, data_dir=tmp_path_factory.mktemp("calm"), log_level="error", encode_apart=False)
    with running(settings) as found:
        yield found


@pytest.fixture(scope="module")
def moving_engine():
    """The sample with a motion that is known (moving.py)."""
    return moving_sample()


@pytest.fixture(scope="module")
def moving_api(moving_engine, tmp_path_factory):
    """A client of a service over it."""
    bundle = moving_engine.save(tmp_path_factory.mktemp("bundle")).parent
    settings = Settings(model=bundle, data_dir=tmp_path_factory.mktemp("data"), log_level="error", encode_apart=False)
    with running(settings) as found:
        yield found.api
