"""Small ecosystems with a history: of hidden circles that no text tells of, of mere fame, and of mere chance."""

from __future__ import annotations

import numpy as np
import pytest

from matchmaker.engine import Matchmaker
from matchmaker.profiles.catalogue import Catalogue
from matchmaker.profiles.schema import Relation
from tests.conftest import WordEncoder, make_partner

COUNT, CIRCLES = 160, 8


def relations_of(chance, seed=0):
    """Partnerships by `chance`, (n, n)."""
    drawn = np.triu(np.random.default_rng(seed).random((COUNT, COUNT)) < chance, 1)
    return [
        Relation(a=f"p{a:03d}", b=f"p{b:03d}", type="partnership", status="active")
        for a, b in zip(*np.nonzero(drawn), strict=True)
    ]


def ecosystem(chance, seed=0):
    """An engine of partners that are linked by `chance`, (n, n)."""
    partners = [make_partner(number) for number in range(COUNT)]
    return Matchmaker(encoder=WordEncoder()).fit(Catalogue.from_partners(partners, relations_of(chance, seed)))


def circles():
    """(n, n) bool, partners of the same circle."""
    circle = np.arange(COUNT) * 7 // 3 % CIRCLES
    return circle[:, None] == circle[None, :]


@pytest.fixture(scope="session")
def circled():
    """Links within circles, and a few others."""
    return ecosystem(np.where(circles(), 0.5, 0.01))


@pytest.fixture(scope="session")
def famed():
    """Links with whom everybody knows."""
    fame = np.where(np.arange(COUNT) % 16 == 0, 0.5, 0.03)
    return ecosystem(np.sqrt(np.outer(fame, fame)))


@pytest.fixture
def bundle(circled, tmp_path):
    """The circles as a bundle."""
    circled.save(tmp_path / "bundle")
    return tmp_path / "bundle"
