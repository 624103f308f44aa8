import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.errors import InternalError
from matchmaker.retrieval.exact import ExactIndex, check_self_similarity, normalised, top


def cosines(vectors, query):
    """Brute force in float64; a zero vector scores 0."""
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1) * np.linalg.norm(query.astype(np.float64))
    return (vectors.astype(np.float64) @ query.astype(np.float64)) / np.where(lengths > 0, lengths, 1.0)


def assert_is_top(scores, ids, true, allowed, k):
    """A result is a top k of `true` over `allowed` rows, value by value, as far as float32 can tell."""
    rows = np.flatnonzero(allowed)
    count = min(k, len(rows))
    assert scores.dtype == np.float32 and ids.dtype == np.int64 and len(scores) == len(ids) == k
    assert np.all(ids[count:] == -1) and np.all(np.isneginf(scores[count:]))
    found = ids[:count]
    assert len(set(found.tolist())) == count and np.all(allowed[found])
    np.testing.assert_allclose(scores[:count], true[found], atol=2e-6)
    np.testing.assert_allclose(scores[:count], np.sort(true[rows])[::-1][:count], atol=2e-6)
    order = np.round(scores[:count], 6)
    assert np.all(np.diff(order) <= 0)
    assert np.all((np.diff(order) < 0) | (np.diff(found) > 0))


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 120),
    d=st.integers(1, 20),
    k=st.integers(1, 130),
    zeros=st.integers(0, 4),
    copies=st.integers(0, 60),
    share=st.sampled_from([None, 0.0, 0.1, 0.5, 0.9, 1.0]),
)
def test_equals_brute_force(seed, n, d, k, zeros, copies, share):
    rng = np.random.default_rng(seed)
    vectors = (rng.normal(size=(n, d)) * 10.0 ** rng.uniform(-3, 3, (n, 1))).astype(np.float32)
    vectors[rng.integers(0, n, copies)] = vectors[0] * np.float32(2.0)
    vectors[rng.integers(0, n, zeros)] = 0.0
    queries = np.concatenate((rng.normal(size=(2, d)) * 7, vectors[:1], np.zeros((1, d)))).astype(np.float32)
    allowed = None if share is None else rng.random(n) < share
    scores, ids = ExactIndex(vectors).search(queries, k, allowed=allowed)
    mask = np.ones(n, dtype=bool) if allowed is None else allowed
    for place, query in enumerate(queries):
        assert_is_top(scores[place], ids[place], cosines(vectors, query), mask, k)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 300),
    k=st.integers(1, 40),
    share=st.sampled_from([None, 0.1, 0.6, 0.98]),
)
def test_ties_go_to_the_lower_id(seed, n, k, share):
    # Rows of four times +-1 have length 2: every cosine is a multiple of a quarter, exactly.
    rng = np.random.default_rng(seed)
    vectors = rng.choice([-1.0, 1.0], size=(n, 4)).astype(np.float32)
    allowed = np.ones(n, dtype=bool) if share is None else rng.random(n) < share
    query = rng.choice([-1.0, 1.0], size=4).astype(np.float32)
    scores, ids = ExactIndex(vectors).search(query[None], k, allowed=None if share is None else allowed)
    true = vectors @ query / 4.0
    best = [row for row in np.lexsort((np.arange(n), -true)) if allowed[row]][:k]
    assert ids[0, : len(best)].tolist() == [int(row) for row in best]
    assert scores[0, : len(best)].tolist() == true[best].tolist()


def test_by_hand():
    index = ExactIndex(np.array([[3, 0], [0, 0], [0, 5], [1, 1], [-2, 0]], dtype=np.float32))
    scores, ids = index.search(np.array([[10, 0]], dtype=np.float32), 7)
    assert ids.tolist() == [[0, 3, 1, 2, 4, -1, -1]]
    assert scores[0, :5].tolist() == pytest.approx([1, 0.5**0.5, 0, 0, -1], abs=1e-7)
    assert (index.size, index.recall, index.kind) == (5, 1.0, "exact")


def test_many_queries_are_answered_as_one_by_one():
    rng = np.random.default_rng(1)
    index, queries = (
        ExactIndex(rng.normal(size=(500, 8)).astype(np.float32)),
        rng.normal(size=(5, 8)).astype(np.float32),
    )
    scores, ids = index.search(queries, 9)
    for place in range(5):
        one = index.search(queries[place], 9)
        assert np.array_equal(one[0][0], scores[place]) and np.array_equal(one[1][0], ids[place])


def test_everything_is_like_itself():
    rng = np.random.default_rng(2)
    vectors = (rng.normal(size=(400, 16)) * 10.0 ** rng.uniform(-4, 4, (400, 1))).astype(np.float32)
    scores, ids = ExactIndex(vectors).search(vectors, 1)
    assert np.array_equal(ids[:, 0], np.arange(400))
    np.testing.assert_allclose(scores[:, 0], 1.0, atol=1e-6)


def test_an_empty_index_and_an_empty_filter():
    empty = ExactIndex(np.zeros((0, 3), dtype=np.float32))
    assert empty.search(np.ones((2, 3), dtype=np.float32), 4)[1].tolist() == [[-1] * 4] * 2
    nothing = ExactIndex(np.eye(3, dtype=np.float32)).search(np.eye(3, dtype=np.float32), 2, allowed=np.zeros(3, bool))
    assert nothing[1].tolist() == [[-1, -1]] * 3 and np.all(np.isneginf(nothing[0]))


def test_normalised():
    unit = np.eye(3, dtype=np.float32)
    assert normalised(unit) is unit
    given_rows = np.array([[3, 4], [0, 0]], dtype=np.float64)
    assert normalised(given_rows).tolist() == [[np.float32(0.6), np.float32(0.8)], [0, 0]]
    assert normalised(given_rows).dtype == np.float32 and given_rows[0, 0] == 3


def test_a_broken_index_is_not_built():
    class Halved(ExactIndex):
        def search(self, queries, k, *, allowed=None):
            scores, ids = super().search(queries, k, allowed=allowed)
            return scores / 2, ids

    with pytest.raises(InternalError, match=r"row 1 a similarity of 0\.50000"):
        Halved(np.array([[0, 0], [1, 0]], dtype=np.float32))
    check_self_similarity(ExactIndex(np.zeros((3, 2), dtype=np.float32)))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-5, 5), max_size=60), st.integers(1, 20), st.randoms(use_true_random=False))
def test_top_equals_sorting(quarters, k, shuffler):
    pairs = [(quarter / 4, row) for row, quarter in enumerate(quarters)]
    best = sorted(pairs, key=lambda pair: (-pair[0], pair[1]))[:k]
    shuffler.shuffle(pairs)
    scores = np.array([score for score, _ in pairs], dtype=np.float32)
    found = top(scores, np.array([row for _, row in pairs], dtype=np.int64), k)
    assert list(zip(found[0].tolist(), found[1].tolist(), strict=True)) == best


def test_ties_below_a_forbidden_best_row_go_to_the_lower_id():
    rng = np.random.default_rng(0)
    for _ in range(10):
        vectors = np.tile(rng.normal(size=16), (100, 1)) * rng.uniform(0.1, 9, (100, 1))
        vectors[50] = query = rng.normal(size=16)
        allowed = np.arange(100) != 50
        ids = ExactIndex(vectors.astype(np.float32)).search(query[None].astype(np.float32), 1, allowed=allowed)[1]
        assert ids[0, 0] == 0


def test_nothing_wanted_gives_nothing():
    scores, ids = ExactIndex(np.eye(8, dtype=np.float32)).search(np.eye(8, dtype=np.float32), 0)
    assert scores.shape == ids.shape == (8, 0)
