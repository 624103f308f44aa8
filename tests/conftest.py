"""A small ecosystem with known relations between profiles; and how tests share a machine."""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from matchmaker import Catalogue, Interface, Matchmaker, Partner, Relation
from matchmaker.ahead import make_lists
from tests.words import WordEncoder

if "PYTEST_XDIST_WORKER" in os.environ:
    # Other workers have the other cores: torch with a thread for each core waits at every step for threads that cannot run, which
    # took four times as long. It is imported later, here and in processes that tests start. numpy was imported before and keeps
    # its threads, which tests/engine/test_threads.py needs.
    os.environ["OMP_NUM_THREADS"] = "1"

settings.register_profile("shared", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("shared")

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample"


THINGS = ("returns", "shipping", "reviews", "loyalty", "payments", "tax", "search", "email", "stock", "support")
PLACES = ("europe", "united states", "australia", "canada")


def make_partner(number: int, **changes) -> Partner:
    """Partner `number`: offers one thing, wants the next one, serves one of four places."""
    offers, wants = THINGS[number % 10], THINGS[(number + 1) % 10]
    place = PLACES[number // 10 % 4]
    fields = {
        "id": f"p{number:03d}",
        "name": f"{offers.title()} House {number}",
        "description": f"We run {offers} for shops in {place}, house number {number}.",
        "audience": f"shops in {place} selling {('apparel', 'beauty', 'food')[number % 3]}",
        "goals": (f"better {wants} for shops",),
        "capabilities": (f"{offers} for shops", f"{offers} reports"),
        "regions": (place,),
        "categories": (offers,),
        "company_sizes": (("small", "enterprise")[number % 2],),
        "interface": Interface(objects=("order",), auth=("oauth2",)),
        "size": float(10 ** (1 + number % 5)),
        "extra": {"tier": "gold" if number % 4 == 0 else "silver", "founded": 2000 + number % 20},
    }
    return Partner(**{**fields, **changes})


def make_catalogue(count: int = 40, *more: Partner) -> Catalogue:
    partners = [make_partner(number) for number in range(count)]
    relations = [
        Relation(a="p000", b="p010", type="competitor", status="active"),
        Relation(a="p000", b="p001", type="integration", status="active"),
        Relation(a="p002", b="p003", type="partnership", status="ended"),
    ]
    return Catalogue.from_partners([*partners, *more], relations)


def once(tmp_path_factory, name, make):
    """A folder that `make(folder)` fills, which all workers of this run share: the first of them makes it, the others wait."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder = root / name
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=root))
            make(making)
            making.rename(folder)
    return folder


@pytest.fixture(scope="session")
def encoder():
    return WordEncoder()


@pytest.fixture(scope="session")
def engine(encoder):
    return Matchmaker(encoder=encoder).fit(make_catalogue())


@pytest.fixture(scope="session")
def bundle(engine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    engine.save(folder)
    return folder


@pytest.fixture(scope="session")
def prepared(engine, tmp_path_factory):
    """A bundle with its lists made ahead."""
    folder = tmp_path_factory.mktemp("prepared")
    engine.save(folder)
    make_lists(folder, processes=1)
    return folder


def pytest_collection_modifyitems(items):
    """Of several workers, each takes one file after another: those with a slow test go first, so that none is left for the end."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        slow = {item.path for item in items if item.get_closest_marker("slow") or item.path.suffix == ".ipynb"}
        items.sort(key=lambda item: item.path not in slow)


def pytest_sessionfinish(session, exitstatus):
    """Where MATCHMAKER_NO_SKIPS is set, as in CI, a run with a skipped test has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", ()) if reporter else ()
    if os.environ.get("MATCHMAKER_NO_SKIPS") and skipped and exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"MATCHMAKER_NO_SKIPS: {len(skipped)} tests were skipped")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
