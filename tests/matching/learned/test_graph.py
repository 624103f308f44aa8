import math

import numpy as np
import pytest

from matchmaker.matching.learned import graph
from matchmaker.matching.learned.graph import FEATURES, Graph
from matchmaker.matching.learned.history import Links


@pytest.fixture(scope="module")
def world():
    """14 partners, the last two without links; weights that differ."""
    rng = np.random.default_rng(3)
    pairs = rng.integers(0, 12, (30, 2))
    links, _ = Links.clean(pairs, 14, rng.integers(1, 5, 30).astype(float))
    vectors = rng.normal(size=(14, 5))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    described = rng.normal(size=(14, 2))
    return links, vectors, described, Graph.fit(links, vectors, described)


def column(world, name):
    n = world[0].n
    asks, others = (grid.ravel() for grid in np.indices((n, n)))
    return world[3].features(asks, others)[:, FEATURES.index(name)].reshape(n, n)


def look_alikes(vectors, linked, n):
    """(n, n) weights of the nearest linked partners, one by one."""
    near = np.zeros((n, n))
    for i in range(n):
        others = sorted((j for j in range(n) if linked[j] and j != i), key=lambda j: -(vectors[i] @ vectors[j]))
        count = min(graph.NEIGHBOURS, sum(linked) - 1)
        for j in others[:count]:
            near[i, j] = max(vectors[i] @ vectors[j], 0.0)
        near[i] /= max(near[i].sum(), 1e-9)
    return near


def test_common_partners_are_weighed_as_the_formulas_say(world):
    links, n = world[0], world[0].n
    dense, strong = links.adjacency().toarray(), links.adjacency(weighed=True).toarray()
    degree = dense.sum(axis=1)
    for i in range(n):
        for j in range(n):
            both = [z for z in range(n) if dense[i, z] and dense[j, z] and degree[z] > 1]
            rare = sum(1 / math.log(degree[z]) for z in both)
            often = sum(math.sqrt(strong[i, z] * strong[j, z]) / math.log(degree[z]) for z in both)
            root = math.sqrt(max(degree[i], 1) * max(degree[j], 1))
            share = sum(1 / degree[z] for z in range(n) if dense[i, z] and dense[j, z]) / root
            assert column(world, "common")[i, j] == pytest.approx(math.log1p(rare))
            assert column(world, "common_often")[i, j] == pytest.approx(math.log1p(often))
            assert column(world, "allocation")[i, j] == pytest.approx(math.log1p(5 * share))


def test_links_of_look_alikes_are_carried_over_as_the_formulas_say(world):
    links, vectors, _, _ = world
    n, dense = links.n, links.adjacency().toarray()
    degree = np.maximum(dense.sum(axis=1), 1)
    near = look_alikes(vectors, dense.sum(axis=1) > 0, n)
    normal = dense / np.sqrt(np.outer(degree, degree))
    assert np.allclose(column(world, "alike_asks"), np.log1p(50 * near @ normal))
    assert np.allclose(column(world, "alike_others"), np.log1p(50 * near @ normal).T)
    assert np.allclose(column(world, "alike_both"), np.log1p(50 * near @ normal @ near.T))


def test_circles_are_mean_profiles_of_partners(world):
    links, vectors, _, _ = world
    dense = links.adjacency().toarray()
    mean = dense @ vectors
    mean /= np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9)
    assert np.allclose(column(world, "circle"), mean @ vectors.T)
    assert np.allclose(column(world, "circled"), (mean @ vectors.T).T)
    assert np.allclose(column(world, "same_circle"), mean @ mean.T)


def test_the_complement_is_two_ridge_regressions_one_after_the_other(world):
    links, vectors, described, _ = world
    x = np.concatenate((vectors, described), axis=1)
    dense = links.adjacency().toarray()
    degree = dense.sum(axis=1)
    known = degree > 0
    beyond = (dense - np.outer(degree, degree) / degree.sum()) / np.sqrt(
        np.outer(np.maximum(degree, 1), np.maximum(degree, 1))
    )
    own = x[known]
    ridge = np.linalg.solve(own.T @ own + 5 * np.eye(own.shape[1]), own.T)  # from targets to weights
    weights = ridge @ beyond[np.ix_(known, known)] @ ridge.T
    assert np.allclose(column(world, "complement"), 50 * x @ weights @ x.T)


def test_expected_fame_leaves_oneself_out(world):
    links, vectors, described, _ = world
    x = np.concatenate((vectors, described), axis=1)
    fame = np.log1p(links.degree())
    known = links.degree() > 0
    mean = fame[known].mean()
    for i in range(links.n):
        rows = [j for j in range(links.n) if known[j] and j != i]
        weights = np.linalg.solve(x[rows].T @ x[rows] + 2 * np.eye(x.shape[1]), x[rows].T @ (fame[rows] - mean))
        assert column(world, "expected")[0, i] == pytest.approx(mean + x[i] @ weights)
    lasting = links.degree() / (links.degree() + 5)
    expected = column(world, "expected")[0]
    assert np.allclose(column(world, "lasting")[0], lasting * fame + (1 - lasting) * expected)
    assert np.allclose(column(world, "fame")[0], fame)
    assert np.allclose(column(world, "unlinked")[0], ~known)
    assert np.allclose(column(world, "expected_new")[0], np.where(known, 0, expected))


def test_the_strength_of_links_counts_as_fame(world):
    strong = world[0].adjacency(weighed=True).toarray().sum(axis=1)
    assert np.allclose(column(world, "fame_often")[0], np.log1p(strong))


def test_without_links_nothing_is_known_and_nothing_fails():
    links, _ = Links.clean(np.zeros((0, 2), dtype=np.int64), 4)
    found = Graph.fit(links, np.eye(4), np.ones((4, 1))).features(np.array([0, 1]), np.array([2, 3]))
    told = dict(zip(FEATURES, found.T.tolist(), strict=True))
    assert told.pop("unlinked") == [1.0, 1.0]
    assert all(values == [0.0, 0.0] for values in told.values())
