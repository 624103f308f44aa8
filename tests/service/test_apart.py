import os
import signal
import time

import numpy as np
import pytest

from matchmaker import Matchmaker
from matchmaker.errors import BundleMissingError, EncoderError
from matchmaker.live import Live
from matchmaker.placing import Placing
from matchmaker.registry.bundle import open_bundle
from matchmaker.store import partners
from matchmaker.store.database import Database
from matchmaker_service.apart import Apart
from tests.conftest import ROOT, make_partner

pytestmark = pytest.mark.slow
NEW = make_partner(41, id="new", name="New House", description="We print labels that survive a freezer.")


@pytest.fixture(scope="module")
def built():
    """The bundled sample: another process opens it too, and finds its encoder."""
    return Matchmaker.load(ROOT / "models" / "sample", background_check=False)


@pytest.fixture(scope="module")
def folder():
    return open_bundle(ROOT / "models" / "sample").folder


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    found = Database(f"sqlite:///{tmp_path_factory.mktemp('apart') / 'store.sqlite'}")
    found.migrate()
    yield found
    found.close()


@pytest.fixture(scope="module")
def apart(database):
    """One process for all tests: the model is loaded once, by whichever test is the first to ask for a new text."""
    found = Apart(database.url, None)
    yield found
    found.close()


def test_what_is_placed_apart_is_what_is_placed_here(apart, built, folder, database):
    placer, here = apart.placer(folder, built.fitted), Placing(database, built)
    (away,), (same,) = placer.place([(NEW, ("shipbob",))]), here.place([(NEW, ("shipbob",))])
    assert away.partner == same.partner == NEW
    assert away.told == same.told
    assert np.array_equal(away.side.topic, same.side.topic)
    assert np.array_equal(away.side.goals.vectors, same.side.goals.vectors)
    assert np.array_equal(placer.encoder.encode(["frozen labels"]), here.encoder.encode(["frozen labels"]))
    assert placer.encoder.fingerprint == built.fitted.fingerprint


def test_a_store_followed_apart_answers_like_one_followed_here(apart, built, folder, database):
    placer = apart.placer(folder, built.fitted)
    lives = Live(database, built, placer), Live(database, built)
    with database.writing() as writing:
        partners.put(writing, [NEW, make_partner(42)])
    answers = []
    for live in lives:
        assert live.catch_up() == 2
        answers.append([(one.partner, one.mutual) for one in live.engine.recommend("new", 20)])
    assert answers[0] == answers[1]
    assert len(answers[0]) == 20


def test_a_process_that_is_lost_is_told_and_begins_again(apart, built, folder):
    placer = apart.placer(folder, built.fitted)
    known = placer.encoder.encode(["one", "two"])  # kept in the store: the next process need not load a model
    process = apart._running[0]
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(EncoderError, match="begins again"):
        placer.encoder.encode(["two"])
    assert placer.encoder.encode(["two"]).shape == (1, 384)
    assert np.array_equal(placer.encoder.encode(["two"])[0], known[1])
    assert apart._running[0].pid != process.pid


def test_what_fails_there_is_raised_here(apart, built, tmp_path):
    with pytest.raises(BundleMissingError, match=r"(?i)no bundle"):
        apart.placer(tmp_path / "nowhere", built.fitted).warm_up()


def test_the_process_ends_with_who_asks(apart, built, folder):
    apart.placer(folder, built.fitted).encoder.encode(["one"])
    process = apart._running[0]
    apart.close()
    until = time.monotonic() + 5
    while process.is_alive() and time.monotonic() < until:
        time.sleep(0.02)
    assert process.exitcode == 0
