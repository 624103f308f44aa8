import numpy as np
import pytest

from matchmaker.errors import SettingsError
from matchmaker.matching.learned.direction import FEWEST, Profiles, learn

COUNT = 90


def silent(n=COUNT):
    """Profiles that say nothing: what is left is each partner's own leaning."""
    return Profiles.of(np.zeros((n, 4)), np.zeros((n, 5)), np.ones((n, 2)))


def kinds_of_three(rng):
    """Unit vectors of three kinds, a third of the partners each, with a little noise."""
    kind = np.arange(COUNT) % 3
    vectors = np.eye(3)[kind] + rng.normal(0, 0.1, (COUNT, 3))
    return kind, Profiles.of(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), vectors, np.ones((COUNT, 1)))


def drawn_pairs(rng, count):
    pairs = np.unique(np.sort(rng.integers(0, COUNT, (count, 2)), axis=1), axis=0)
    return pairs[pairs[:, 0] != pairs[:, 1]]


def seen(edges):
    return np.ones(len(edges))


def test_a_pair_turned_round_has_exactly_the_opposite_odds():
    rng = np.random.default_rng(0)
    profiles = Profiles.of(rng.normal(size=(COUNT, 20)), rng.normal(size=(COUNT, 12)), rng.normal(size=(COUNT, 3)))
    edges = drawn_pairs(rng, 400)
    model = learn(edges, rng.integers(1, 9, len(edges)), profiles)
    one, other = rng.integers(0, COUNT, (2, 500))
    assert np.array_equal(model.odds(one, other), -model.odds(other, one))
    assert np.abs(model.odds(one, other)).mean() > 0.1
    assert np.all(model.odds(one, one) == 0.0)


def test_kinds_that_feed_one_another_in_a_circle_are_learned_for_partners_without_links():
    """Nobody leans to giving here, so that only the form over both profiles can tell."""
    rng = np.random.default_rng(1)
    kind, profiles = kinds_of_three(rng)
    pairs = drawn_pairs(rng, 1500)
    pairs = pairs[kind[pairs[:, 0]] != kind[pairs[:, 1]]]
    feeds = (kind[pairs[:, 1]] - kind[pairs[:, 0]]) % 3 == 1
    edges = np.where(feeds[:, None], pairs, pairs[:, ::-1])
    cold = (pairs >= COUNT - 20).any(axis=1)
    model = learn(edges[~cold], seen(edges[~cold]), profiles)
    assert (model.odds(*edges[cold].T) > 0).mean() > 0.97
    assert np.abs(model.own).max() < 0.5


def test_leaning_by_profile_reaches_partners_without_links_and_leaning_of_ones_own_does_not():
    rng = np.random.default_rng(2)
    gives = np.arange(COUNT) % 2 == 0
    fact = gives + rng.normal(0, 0.2, COUNT)
    profiles = Profiles.of(np.zeros((COUNT, 4)), np.zeros((COUNT, 5)), fact[:, None])
    pairs = drawn_pairs(rng, 900)
    pairs = pairs[gives[pairs[:, 0]] != gives[pairs[:, 1]]]
    edges = np.where(gives[pairs[:, :1]], pairs, pairs[:, ::-1])
    cold = (pairs >= COUNT - 20).any(axis=1)
    model = learn(edges[~cold], seen(edges[~cold]), profiles)
    assert (model.odds(*edges[cold].T) > 0).mean() > 0.97
    assert np.all(model.own[-20:] == 0.0)
    unread = learn(edges[~cold], seen(edges[~cold]), silent())
    assert np.all(unread.expected == 0.0)
    newcomers = (edges[cold] >= COUNT - 20).all(axis=1)
    assert np.all(unread.odds(*edges[cold][newcomers].T) == 0.0)


def test_own_leaning_is_the_ridge_model_of_bradley_and_terry():
    """At the minimum every leaning over its variance is the sum of what its links leave unexplained."""
    rng = np.random.default_rng(3)
    edges = drawn_pairs(rng, 300)
    for own in (0.3, 2.0):
        model = learn(edges, seen(edges), silent(), own=own)
        left = 1.0 / (1.0 + np.exp(model.odds(*edges.T)))
        pull = np.bincount(edges[:, 0], left, COUNT) - np.bincount(edges[:, 1], left, COUNT)
        assert np.allclose(model.own / own, pull, atol=1e-3)
    assert np.all(learn(edges, seen(edges), silent(), own=0.0).own == 0.0)


def test_pairs_that_feed_each_other_count_by_how_often():
    rng = np.random.default_rng(4)
    pairs = drawn_pairs(rng, 300)
    both = np.concatenate((pairs, pairs[:, ::-1]))
    even = learn(both, np.full(len(both), 3.0), silent())
    assert np.allclose(even.own, 0.0)
    often = learn(both, np.repeat((100.0, 1.0), len(pairs)), silent())
    assert (often.odds(*pairs.T) > 0).mean() > 0.9


def test_too_little_and_nonsense_are_refused():
    few = np.stack((np.zeros(FEWEST - 1, dtype=np.int64), np.arange(1, FEWEST)), axis=1)
    with pytest.raises(SettingsError, match=f"{FEWEST - 1} linked pairs are too few"):
        learn(few, seen(few), silent())
    with pytest.raises(SettingsError, match="from a partner to itself"):
        learn(np.array([[3, 3]]), np.ones(1), silent())
