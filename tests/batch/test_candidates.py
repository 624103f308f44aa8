"""Candidates of many partners at once against `channels.candidates`, which is the oracle."""

import numpy as np
import pytest

from matchmaker import Catalogue, Config, Matchmaker
from matchmaker.batch.candidates import Finder
from matchmaker.channels import candidates
from matchmaker.retrieval import approximate
from tests.conftest import WordEncoder, make_catalogue, make_partner

COUNT, QUOTA = 400, 12


def patchy(number):
    """A partner that leaves out what its number says: some channels find nobody for it."""
    empty = {
        0: {"goals": ()},
        1: {"capabilities": ()},
        2: {"audience": ""},
        3: {"description": "", "audience": "", "goals": (), "capabilities": (), "categories": (), "regions": ()},
        4: {"goals": make_partner(number).goals[:1], "integrations": ("p010", f"p{number // 2:03d}")},
    }
    return make_partner(number).model_copy(update=empty.get(number % 9, {}))


@pytest.fixture(scope="module")
def fitted():
    config = Config(exhaustive_below=0, channel_quota=QUOTA, exact_below=10)
    catalogue = Catalogue.from_partners([patchy(number) for number in range(COUNT)])
    return Matchmaker(config, encoder=WordEncoder()).fit(catalogue).fitted


@pytest.fixture(autouse=True)
def searched(monkeypatch):
    """A catalogue of hundreds is answered by the approximate indexes, as one of a hundred thousand is."""
    monkeypatch.setattr(approximate, "BRUTE_FORCE_BELOW", 20)


def expected(fitted, allowed, side, barred):
    mine = allowed.copy()
    mine[barred] = False
    return candidates(fitted.space, fitted.indexes, side, mine, QUOTA).ids.tolist()


@pytest.mark.parametrize(("gone", "most"), [(0, 3), (3, 8), (0, 60), (30, 2)])
def test_each_finds_what_it_finds_alone(fitted, gone, most):
    rng = np.random.default_rng(gone + most)
    allowed = np.ones(COUNT, dtype=bool)
    allowed[rng.permutation(COUNT)[:gone]] = False
    finder = Finder(fitted.space, fitted.indexes, allowed, QUOTA)
    known = 0
    for low in range(0, COUNT, 16):
        rows = range(low, low + 16)
        sides = [fitted.space.side(row) for row in rows]
        barred = [np.unique(np.append(rng.integers(0, COUNT, rng.integers(0, most)), row)) for row in rows]
        barred = [one[allowed[one]] for one in barred]
        for side, mine, found in zip(sides, barred, finder.find(sides, barred), strict=True):
            if found is not None:
                known += 1
                assert found.tolist() == expected(fitted, allowed, side, mine)
                assert found.dtype == np.int64
    assert known > (0 if most == 60 else COUNT / 2)


def test_what_was_barred_to_one_is_open_to_the_next(fitted):
    allowed = np.ones(COUNT, dtype=bool)
    finder = Finder(fitted.space, fitted.indexes, allowed, QUOTA)
    side = fitted.space.side(5)
    free = finder.find([side], [np.array([5])])[0]
    finder.find([side], [free])
    with finder.without(free) as mask:
        assert not mask[free].any()
    assert finder.find([side], [np.array([5])])[0].tolist() == free.tolist()
    assert allowed.all()


def test_exact_indexes_are_left_to_the_search_of_one():
    exact = Matchmaker(encoder=WordEncoder()).fit(make_catalogue(30)).fitted
    finder = Finder(exact.space, exact.indexes, np.ones(30, dtype=bool), QUOTA)
    assert finder.find([exact.space.side(0)], [np.array([0])]) == [None]
    assert finder.find([], []) == []
