"""A small ecosystem with known relations between profiles, and an encoder that needs no model."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import numpy as np
import pytest

from matchmaker import Catalogue, Interface, Matchmaker, Partner, Relation
from matchmaker.ahead import make_lists
from matchmaker.matching.ragged import unit

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "sample"


class WordEncoder:
    """Bag of hashed words: texts with the same words have cosine 1, with no common word about 0."""

    name = "words"
    dimension = 96
    fingerprint = "words-96"

    def __init__(self) -> None:
        self.calls = 0

    def encode(self, texts, *, progress=None):
        self.calls += 1
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for place, text in enumerate(texts):
            for word in re.findall(r"[a-z0-9]+", text.lower()):
                seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest())
                out[place] += np.random.default_rng(seed).normal(size=self.dimension)
        return unit(out)


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


def pytest_sessionfinish(session, exitstatus):
    """Where MATCHMAKER_NO_SKIPS is set, as in CI, a run with a skipped test has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", ()) if reporter else ()
    if os.environ.get("MATCHMAKER_NO_SKIPS") and skipped and exitstatus == pytest.ExitCode.OK:
        reporter.write_line(f"MATCHMAKER_NO_SKIPS: {len(skipped)} tests were skipped")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
