import numpy as np
import pytest

from matchmaker.config import Config
from matchmaker.errors import SettingsError
from matchmaker.matching.build import build_space
from matchmaker.matching.learned import from_links, texts
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


def features_of(model, space, asks, others):
    said = texts.of_pairs(model.told(space), CONFIG, asks, others)
    return said, model.features(said, asks, others)


def scores_of(model, space, row, popularity_weight=0.5):
    asks, others = np.full(COUNT, row), np.arange(COUNT)
    odds = model.odds(features_of(model, space, asks, others)[1], asks, others)
    odds[model.graph.adjacency[[row]].toarray()[0, :COUNT] > 0] = -np.inf
    return model.order(odds, asks, others, popularity_weight)


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
    assert all(array.tobytes() == again.arrays()[name].tobytes() for name, array in model.arrays().items())
    assert model.arrays()["rankers"].tobytes() != other.arrays()["rankers"].tobytes()


def test_contributions_add_up_to_the_odds(model, space):
    rows = np.arange(40, 80)
    features = features_of(model, space, np.full(40, 3), rows)[1]
    assert features.shape == (40, len(from_links.FEATURES))
    asks = np.full(40, 3)
    parts = model.parts(features, asks, rows)
    assert np.array_equal(parts.sum(axis=1), model.odds(features, asks, rows))
    for stratum in (ESTABLISHED, SMALL):
        some, ranker = model.stratum[rows] == stratum, model.rankers[stratum]
        assert some.any()
        assert np.allclose(parts[some], (features[some] - ranker.mean) / ranker.scale * ranker.weights)


def test_who_has_no_link_is_ranked_by_what_was_learned_of_those_without(space, history):
    seen = history[0]
    alone = 17
    model = from_links.learn(space, CONFIG, seen.without((seen.ends == alone).any(axis=1)))
    rows = np.arange(20)
    assert set(model.kind(np.full(20, alone), rows).tolist()) <= {3, 4, 5}
    assert set(model.kind(np.full(20, 3), rows).tolist()) <= {0, 1, 2}
    features = features_of(model, space, np.full(20, alone), rows)[1]
    cold = np.stack([model.rankers[3 + stratum].parts(features) for stratum in range(3)])
    assert np.allclose(model.parts(features, np.full(20, alone), rows), cold[model.stratum[rows], rows])


def test_a_turned_pair_is_the_pair_asked_the_other_way(model, space):
    rng = np.random.default_rng(1)
    asks, others = rng.integers(0, COUNT, (2, 300))
    there = features_of(model, space, asks, others)[1]
    back = features_of(model, space, others, asks)[1]
    assert np.allclose(model.turned(there, asks), back, atol=1e-9)
    assert not np.allclose(there, back)


def test_a_model_outlives_its_arrays(model, space):
    again = from_links.LinkModel.from_arrays(model.arrays(), space)
    for row in (0, 31):
        assert np.array_equal(scores_of(again, space, row), scores_of(model, space, row))


def test_a_newcomer_is_placed_by_what_it_says(model, space, history):
    """The twin of a partner looks like it, but has no link of its own."""
    twin = 7
    vectors, facts = texts.profile_vectors(space)[[twin]], model.facts.of_space(space)[[twin]]
    grown = model.followed_by(vectors, facts)
    assert len(grown.stratum) == COUNT + 1 and grown.stratum[COUNT] == SMALL
    others = np.arange(COUNT)
    said = np.zeros((COUNT, len(texts.FEATURES)))
    before = dict(zip(model.names, model.features(said, np.full(COUNT, twin), others).T, strict=True))
    after = dict(zip(grown.names, grown.features(said, np.full(COUNT, COUNT), others).T, strict=True))
    for name in ("complement", "circled", "fame", "expected"):
        assert np.allclose(after[name], before[name])
    for name in ("common", "allocation", "circle", "same_circle", "alike_others"):
        assert not after[name].any()
    # Its nearest look-alike is its twin, whose links it is thought to have too.
    linked = history[0].adjacency().toarray()[twin] > 0
    assert after["alike_asks"][linked].min() > 0
    # Whoever asks sees the newcomer as one of those without links.
    seen = dict(zip(grown.names, grown.features(said[:1], np.array([3]), np.array([COUNT]))[0], strict=True))
    assert seen["unlinked"] == 1.0 and seen["fame"] == 0.0
    # Nothing that was known before has changed.
    assert np.array_equal(scores_of(grown, space, 12), scores_of(model, space, 12))


def test_the_dial_shares_out_the_places(model, space):
    found = {}
    for weight in (0.0, 0.5, 1.0):
        best = np.argsort(-scores_of(model, space, 12, weight), kind="stable")[:10]
        found[weight] = np.bincount(model.stratum[best], minlength=3).tolist()
    assert found[0.5] == [1, 5, 4]
    assert found[0.0] == [0, 1, 9]
    assert found[1.0][GIANT] == min(8, (model.stratum == GIANT).sum()) and found[1.0][SMALL] == 0


def test_known_rivals_are_told_from_links(space, history):
    """Rivals that look like links (the same meeting of goals) are pushed down where they are named."""
    seen, hidden, meets = history
    known = seen.adjacency().toarray() > 0
    known[tuple(hidden.T)] = known[tuple(hidden[:, ::-1].T)] = True
    one, other = np.nonzero(np.triu(meets & ~known))
    rivals = np.stack((one, other), axis=1)[::2]
    plain, told = (from_links.learn(space, CONFIG, seen, rivals=pairs) for pairs in (None, rivals))

    def share_beaten(model):
        found = []
        for a, b in rivals[:60].tolist():
            scores = scores_of(model, space, a)
            found.append((scores[b] > scores[~known[a]]).mean())
        return np.mean(found)

    assert share_beaten(told) < share_beaten(plain)


def test_who_is_connected_is_no_text(space):
    blind = texts.without_links(space)
    assert not len(blind.labels["neighbours"].codes)
    assert all(blind.labels[kind] is space.labels[kind] for kind in space.labels if kind != "neighbours")


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
