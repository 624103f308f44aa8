import numpy as np
import pytest
from scipy.optimize import minimize

from matchmaker.matching.learned.choice import choice


def drawn(lists=300, candidates=12, seed=0, weights=(1.0, -0.5, 0.0), second=True):
    """Who asks draws one candidate by exp(x . w), and some draw a second one."""
    rng = np.random.default_rng(seed)
    x = rng.normal(3.0, 2.0, (lists, candidates, len(weights)))
    score = x @ np.array(weights) + rng.gumbel(size=(lists, candidates))
    order = np.argsort(-score, axis=1)
    chosen = np.zeros((lists, candidates), dtype=bool)
    chosen[np.arange(lists), order[:, 0]] = True
    if second:
        chosen[np.arange(0, lists, 3), order[::3, 1]] = True
    return x.reshape(-1, len(weights)), chosen.ravel(), np.repeat(np.arange(lists), candidates)


def by_hand(x, chosen, asks, penalty):
    """The same likelihood written down list by list, and minimised by a general method."""
    mean, scale = x.mean(axis=0), x.std(axis=0)
    z = (x - mean) / scale

    def loss(weights):
        total, lists = 0.0, 0
        for one in np.unique(asks):
            score, picked = z[asks == one] @ weights, chosen[asks == one]
            if picked.any() and not picked.all():
                total -= (score[picked] - np.log(np.exp(score).sum())).mean()
                lists += 1
        return total / lists + penalty * (weights @ weights)

    return minimize(loss, np.zeros(x.shape[1]), method="BFGS", options={"gtol": 1e-7}).x


@pytest.mark.parametrize("penalty", [0.001, 0.5])
def test_it_maximises_the_likelihood_of_the_formula(penalty):
    x, chosen, asks = drawn(60)
    found = choice(x, chosen, asks, penalty)
    assert found.weights == pytest.approx(by_hand(x, chosen, asks, penalty), abs=2e-4)
    assert found.mean == pytest.approx(x.mean(axis=0), rel=1e-5)


def test_the_weights_that_drew_the_choices_are_found_again():
    x, chosen, asks = drawn(6000, second=False)
    found = choice(x, chosen, asks, 0.0)
    assert found.weights / found.scale == pytest.approx([1.0, -0.5, 0.0], abs=0.06)


def test_a_candidate_that_stands_for_three_is_three():
    """Standardising aside: of two features alike in both, the one that marks the threefold candidates is pushed down."""
    x, chosen, asks = drawn(600)
    counts = np.where(~chosen & (x[:, 2] > 4.0), 3.0, 1.0)
    plain, told = choice(x, chosen, asks, 0.01), choice(x, chosen, asks, 0.01, counts)
    assert told.weights[2] < plain.weights[2] - 0.2
    times = counts.astype(int)
    three = choice(np.repeat(x, times, axis=0), np.repeat(chosen, times), np.repeat(asks, times), 0.0)
    one = choice(x, chosen, asks, 0.0, counts)
    assert one.weights / one.scale == pytest.approx(three.weights / three.scale, abs=1e-3)


def test_an_asker_counts_once_however_many_links_and_rows_it_has():
    """One list of ten thousand candidates, half of them chosen, against three hundred that agree."""
    x, chosen, asks = drawn()
    rng = np.random.default_rng(9)
    loud = rng.normal(3.0, 2.0, (10_000, 3))
    told = choice(
        np.concatenate((x, loud)), np.append(chosen, loud[:, 0] < 3.0), np.append(asks, np.full(10_000, 300)), 0.01
    )
    assert told.weights[0] / told.scale[0] > 0.5


def test_who_chose_nothing_or_everything_teaches_nothing():
    x, chosen, asks = drawn(60)
    none, every = np.zeros(12, dtype=bool), np.ones(12, dtype=bool)
    more = np.concatenate((x, x[:24]))
    found = choice(more, np.concatenate((chosen, none, every)), np.append(asks, np.repeat([60, 61], 12)), 0.1)
    assert np.array_equal(found.array(), choice(x, chosen, asks, 0.1).array())
    assert choice(x[:24], np.concatenate((none, every)), np.repeat([0, 1], 12), 0.1) is None
    assert choice(x[:0], chosen[:0], asks[:0], 0.1) is None


def test_a_feature_that_never_changes_says_nothing():
    x, chosen, asks = drawn(60)
    x[:, 2] = 5.0
    found = choice(x, chosen, asks, 0.01)
    assert found.weights[2] == 0.0
    assert np.all(found.parts(x)[:, 2] == 0.0)


def test_of_one_list_the_chosen_count_by_their_weights():
    """At the optimum what is expected of the features is their weighted mean over the chosen."""
    x, chosen, asks = drawn(60)
    weights = np.random.default_rng(5).uniform(0.2, 4.0, len(x))
    found = choice(x, chosen, asks, 1e-9, weights=weights)
    score = found.parts(x).sum(axis=1)
    expected, wanted = np.zeros((2, x.shape[1]))
    for one in np.unique(asks):
        mine = asks == one
        chance = np.exp(score[mine]) / np.exp(score[mine]).sum()
        expected += chance @ x[mine]
        wanted += weights[mine & chosen] @ x[mine & chosen] / weights[mine & chosen].sum()
    assert np.allclose(expected / 60, wanted / 60, atol=1e-4)
    alike = choice(x, chosen, asks, 1e-9)
    assert np.abs(alike.weights - found.weights).max() > 0.01
