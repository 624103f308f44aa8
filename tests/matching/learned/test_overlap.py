import math

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.stats import gamma

from matchmaker.config import Config
from matchmaker.errors import SettingsError
from matchmaker.matching.build import build_space
from matchmaker.matching.learned import from_accounts, texts
from matchmaker.matching.learned.from_accounts import _beyond_chance
from matchmaker.matching.learned.overlap import FEATURES, Overlap
from tests.conftest import WordEncoder, make_catalogue

CONFIG = Config()
COUNT = 80


@pytest.fixture(scope="module")
def held():
    """Sixteen hidden markets of 30 accounts; each partner takes accounts of its own market, and some of all."""
    rng = np.random.default_rng(0)
    table = np.zeros((COUNT, 480))
    for partner in range(COUNT):
        own = rng.choice(30, 20, replace=False) + 30 * (partner * 7 % 16)
        table[partner, own] = 1
        table[partner, rng.choice(480, 4, replace=False)] = 1
    return csr_array(table)


def scores_of(model, space, row):
    asks, others = np.full(COUNT, row), np.arange(COUNT)
    said = texts.of_pairs(model.told(space), CONFIG, asks, others)
    return model.order(model.odds(model.features(said, asks, others), asks, others), asks, others)


def test_features_are_what_the_formulas_say(held):
    dense = held.toarray()
    overlap = Overlap.fit(held)
    asks, others = np.repeat([0, 3, 9], 5), np.array([1, 2, 4, 8, 12] * 3)
    nats = np.linspace(0, 5, 15)
    found = overlap.features(asks, others, nats)
    for row, (i, j) in enumerate(zip(asks, others, strict=True)):
        told = dict(zip(FEATURES, found[row], strict=True))
        common, one, other = (dense[i] * dense[j]).sum(), dense[i].sum(), dense[j].sum()
        chance = one * other / dense.shape[1]
        z = (common - chance) / math.sqrt(chance + 1)
        assert told["count"] == pytest.approx(math.log1p(common))
        assert told["lift"] == pytest.approx(math.log((common + 1) / (chance + 1)))
        assert told["bound"] == pytest.approx(math.log(gamma.ppf(0.05, common + 1) / (chance + 1)))
        assert told["excess"] == pytest.approx(math.copysign(math.log1p(abs(z)), z))
        assert told["cosine"] == pytest.approx(math.sqrt(common / math.sqrt(one * other)))
        assert told["chance"] == pytest.approx(math.log(chance + 0.1))
        assert (told["asks"], told["other"]) == pytest.approx((math.log(one), math.log(other)))
        assert told["thin"] == pytest.approx(nats[row] / (1 + chance))


def test_directions_of_the_accounts_are_those_of_the_scaled_table(held):
    dense = held.toarray()
    scaled = dense / np.sqrt(dense.sum(axis=1, keepdims=True)) / np.sqrt(dense.sum(axis=0) + 1)
    left, values, _ = np.linalg.svd(scaled, full_matrices=False)
    axes = (left * values)[:, 1:17]
    unit = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    asks, others = np.repeat(0, COUNT - 1), np.arange(1, COUNT)
    found = Overlap.fit(held).features(asks, others, np.zeros(COUNT - 1))
    assert np.allclose(found[:, FEATURES.index("near_16")], unit[1:] @ unit[0])
    size = np.sqrt(dense.sum(axis=1))
    assert np.allclose(found[:, FEATURES.index("weight_16")], np.arcsinh(axes[1:] @ axes[0] * size[1:] * size[0]))


def test_beyond_chance_is_a_lower_bound_of_lift_above_two():
    table = np.zeros((3, 80))
    table[0, :10] = table[1, :8] = 1  # 8 of 8 and 10 in common of 80: 1 was to be expected
    table[2, 5:35] = 1  # 5 of 10 and 30: 3.75 were
    assert gamma.ppf(0.05, 9) / 2 > 2 > gamma.ppf(0.05, 6) / 4.75
    assert _beyond_chance(csr_array(table)).tolist() == [[False, True, False], [True, False, False], [False] * 3]


def test_markets_are_found_again(held):
    space = build_space(make_catalogue(COUNT), WordEncoder(), CONFIG).space
    model = from_accounts.learn(space, CONFIG, held)
    again = from_accounts.learn(space, CONFIG, held)
    assert all(array.tobytes() == again.arrays()[name].tobytes() for name, array in model.arrays().items())
    market = np.arange(COUNT) * 7 % 16
    for row in (0, 5, 33):
        scores = scores_of(model, space, row)
        scores[row] = -np.inf
        assert (market[np.argsort(-scores)[:4]] == market[row]).all()


def test_who_has_no_account_is_ranked_by_the_texts_alone(held):
    space = build_space(make_catalogue(COUNT), WordEncoder(), CONFIG).space
    some = held.tolil()
    some[COUNT - 10 :] = 0
    model = from_accounts.learn(space, CONFIG, csr_array(some))
    asks, others = np.repeat([0, COUNT - 1], COUNT), np.tile(np.arange(COUNT), 2)
    features = model.features(texts.of_pairs(model.told(space), CONFIG, asks, others), asks, others)
    parts, new = model.parts(features, asks, others), (asks == COUNT - 1) | (others >= COUNT - 10)
    said = len(texts.FEATURES)
    assert not parts[new, said:].any() and parts[~new, said:].any() and parts[new, :said].any()
    assert ((model.kind(asks, others) >= 3) == new).all()
    kinds = model.kind(asks, others)
    assert set(kinds[~new]) <= {0, 1, 2} and set(kinds[new]) <= {3, 4, 5}


def lists_of(rng, telling):
    """Ten lists: four large partners and a small one are found, thirty others of either size are not; the first feature tells large
    from small ones that are found, or is noise.
    """
    features, labels, asks = [], [], []
    for number in range(10):
        found = np.zeros(35, dtype=bool)
        found[:5] = True
        own = np.where(np.arange(35) % 5 == 4, 1.0, 100.0)
        one = rng.normal(0.0, 1.0, (35, len(from_accounts.FEATURES)))
        if telling:
            one[:, 0] = np.where(found, np.where(own > 1, 1.0, -1.0), 0.0)
        one[:, from_accounts.FEATURES.index("other")] = np.log(own)
        features.append(one)
        labels.append(found)
        asks.append(np.full(35, number))
    parts = (np.concatenate(part) for part in (features, labels, asks))
    return from_accounts._Draw(*parts, counts=np.ones(350), lists=np.arange(10))


def test_small_partners_count_more_where_that_costs_nothing_and_not_where_it_does():
    rng = np.random.default_rng(2)
    idle, telling = ([lists_of(rng, which) for _ in range(12)] for which in (False, True))
    assert from_accounts._small_weight(idle, 10) == 1.0
    assert from_accounts._small_weight(telling, 10) < 0.5


def test_the_ndcg_of_a_draw_is_that_of_its_whole_lists():
    labels = np.array([False, True, True, False, False, True])
    asks = np.array([0, 0, 0, 3, 3, 3])
    draw = from_accounts._Draw(np.zeros((6, 1)), labels, asks, np.ones(6), np.array([0]))
    found = draw.ndcg(np.array([3.0, 2.0, 1.0, 0.0, 0.0, 0.0]), 5)
    ideal = 1 + 1 / math.log2(3)
    assert found[0] == pytest.approx((1 / math.log2(3) + 0.5) / ideal)
    assert np.isnan(found[1:]).all()


def test_where_nothing_is_shared_nothing_is_learned():
    space = build_space(make_catalogue(COUNT), WordEncoder(), CONFIG).space
    alone = csr_array(np.kron(np.eye(COUNT), np.ones(6)))
    with pytest.raises(SettingsError, match="Too few pairs"):
        from_accounts.learn(space, CONFIG, alone)
