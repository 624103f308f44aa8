import dataclasses

import numpy as np
import pytest

from matchmaker.config import Config
from matchmaker.errors import SettingsError
from matchmaker.matching.build import build_space
from matchmaker.matching.learned import from_links
from matchmaker.matching.learned.dial import ESTABLISHED, GIANT, SMALL, strata
from matchmaker.matching.learned.history import Links
from tests.conftest import WordEncoder, make_catalogue

CONFIG = Config()
COUNT = 160


@pytest.fixture(scope="module")
def space():
    return build_space(make_catalogue(COUNT), WordEncoder(), CONFIG).space


@pytest.fixture(scope="module")
def history(space):
    """Who offers what another wants is linked with it by one chance in four; a fifth of these links is kept back."""
    rng = np.random.default_rng(0)
    number = np.array([int(partner[1:]) for partner in space.ids])
    meets = (number[None, :] - number[:, None]) % 10 == 1
    a, b = np.nonzero(meets & (rng.random(meets.shape) < 0.25))
    links, _ = Links.clean(np.stack((a, b), axis=1), COUNT)
    hidden = rng.random(len(links.ends)) < 0.2
    return links.without(hidden), links.ends[hidden], meets | meets.T


@pytest.fixture(scope="module")
def model(space, history):
    return from_links.learn(space, CONFIG, history[0])


def scores_of(model, space, row):
    return model.scores(space, CONFIG, space.side(row), np.arange(COUNT))


def test_hidden_links_are_found(model, space, history):
    seen, hidden, _ = history
    known = seen.adjacency().toarray() > 0
    won = []
    for a, b in [*hidden.tolist(), *hidden[:, ::-1].tolist()]:
        scores = scores_of(model, space, a)
        others = ~known[a]
        others[[a, b]] = False
        won.append((scores[b] > scores[others]).mean())
    assert np.mean(won) > 0.85  # one in two by chance


def test_the_same_seed_learns_the_same_bytes_and_another_one_others(model, space, history):
    again, other = (from_links.learn(space, CONFIG, history[0], seed=seed) for seed in (0, 1))
    for name in ("main", "small"):
        assert getattr(model, name).coef_.tobytes() == getattr(again, name).coef_.tobytes()
    assert model.main.coef_.tobytes() != other.main.coef_.tobytes()


def test_contributions_add_up_to_the_odds(model, space):
    rows = np.arange(40, 80)
    features = model.features(space, CONFIG, space.side(3), rows)
    assert features.shape == (40, len(from_links.FEATURES))
    small = model.stratum[rows] == SMALL
    parts = np.where(small[:, None], model.small.contributions(features), model.main.contributions(features))
    level = np.where(small, model.small.intercept_ + model.shift, model.main.intercept_)
    assert np.allclose(parts.sum(axis=1) + level, model.odds(features, rows))


def test_a_side_without_a_row_has_no_history(model, space):
    outside = dataclasses.replace(space.side(3), row=None)
    with pytest.raises(SettingsError, match="stored partners only"):
        model.scores(space, CONFIG, outside, np.arange(5))


def test_too_few_links_teach_nothing(space):
    links, _ = Links.clean(np.array([[0, 1], [1, 2]]), COUNT)
    with pytest.raises(SettingsError, match="2 links are too few"):
        from_links.learn(space, CONFIG, links)


def test_one_partner_with_links_to_all_changes_little(model, space, history):
    """Whoever poisons the history links himself with everybody, a thousand times each."""
    seen = history[0]
    everybody = np.stack((np.full(COUNT, 5), np.arange(COUNT)), axis=1)
    pairs = np.concatenate((seen.ends, everybody))
    links, left_out = Links.clean(pairs, COUNT, np.concatenate((np.ones(len(seen.ends)), np.full(COUNT, 1000.0))))
    assert left_out["self"] == 1
    poisoned = from_links.learn(space, CONFIG, links)
    rest = np.setdiff1d(np.arange(COUNT), [5])
    for row in (0, 17, 42):
        before, after = (np.argsort(-scores_of(one, space, row)[rest])[:20] for one in (model, poisoned))
        assert len(np.intersect1d(before, after)) >= 12


def test_strata_are_cut_by_hand():
    degree = np.array([50, 9, 8, 7, 6, 5, 0, 30, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6])
    found = strata(degree)
    assert np.flatnonzero(found == GIANT).tolist() == [0]
    assert np.flatnonzero(found == ESTABLISHED).tolist() == [1, 2, 3, 7]
    assert (found == SMALL).sum() == 15
