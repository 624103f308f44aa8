import numpy as np
import pytest

from matchmaker.errors import BundleCorruptError, StorageError
from matchmaker.retrieval.approximate import BRUTE_FORCE_BELOW, ApproximateIndex, measured_recall, train
from matchmaker.retrieval.build import build_index, held_out, kth_best, load_index
from matchmaker.retrieval.exact import ExactIndex, normalised

N, D, K = 30_000, 32, 50


@pytest.fixture(scope="module")
def vectors():
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(500, D))
    rows = centres[rng.integers(0, 500, N)] + rng.normal(scale=0.4, size=(N, D))
    return (rows * rng.uniform(0.5, 3.0, (N, 1))).astype(np.float32)


@pytest.fixture(scope="module")
def index(vectors):
    return build_index(vectors, rng=3)


@pytest.fixture(scope="module")
def queries(vectors):
    """Half like the rows, half between two of them; none of them what the index was tuned on."""
    rng = np.random.default_rng(77)
    near = vectors[rng.integers(0, N, 50)] + rng.normal(scale=0.1, size=(50, D))
    between = vectors[rng.integers(0, N, 50)] + vectors[rng.integers(0, N, 50)]
    return np.concatenate((near, between)).astype(np.float32)


def oracle(vectors, query, allowed=None):
    """All cosines in float64, -inf where not allowed."""
    rows = vectors.astype(np.float64)
    scores = rows @ query.astype(np.float64) / np.linalg.norm(rows, axis=1) / np.linalg.norm(query.astype(np.float64))
    return scores if allowed is None else np.where(allowed, scores, -np.inf)


def recall(index, vectors, queries, allowed=None):
    hits = 0
    for query in queries:
        true = set(np.argsort(-oracle(vectors, query, allowed), kind="stable")[:K].tolist())
        hits += len(true & set(index.search(query[None], K, allowed=allowed)[1][0].tolist()))
    return hits / (K * len(queries))


def test_the_index_is_approximate_and_reaches_its_target(index, vectors, queries):
    assert isinstance(index, ApproximateIndex) and index.size == N
    assert index.kind.startswith("IVF") and index.probes < 256
    assert index.recall >= 0.98
    assert recall(index, vectors, queries[:50]) >= 0.98


def test_the_stated_recall_is_the_measured_one(index, vectors):
    rng = np.random.default_rng(3)
    assert index.recall == pytest.approx(recall(index, vectors, held_out(ExactIndex(vectors).vectors, rng)), abs=1e-3)


def test_fewer_probes_find_less(index, vectors, queries):
    poor = ApproximateIndex(vectors, index._inner, 1, 0.0)
    assert recall(poor, vectors, queries) < recall(index, vectors, queries) - 0.02


def test_scores_are_the_exact_cosines_in_order(index, vectors, queries):
    scores, ids = index.search(queries, K)
    assert scores.shape == ids.shape == (100, K) and scores.dtype == np.float32 and ids.dtype == np.int64
    for place, query in enumerate(queries):
        np.testing.assert_allclose(scores[place], oracle(vectors, query)[ids[place]], atol=2e-6)
        assert len(set(ids[place].tolist())) == K
    assert np.all(np.diff(np.round(scores, 6), axis=1) <= 0)


def test_everything_is_like_itself(index, vectors):
    scores, ids = index.search(vectors[::300], 1)
    assert np.array_equal(ids[:, 0], np.arange(0, N, 300))
    np.testing.assert_allclose(scores[:, 0], 1.0, atol=1e-6)


@pytest.mark.parametrize("count", [0, 1, 30, 700, BRUTE_FORCE_BELOW])
def test_a_filter_that_leaves_few_rows_is_answered_exactly(count, index, vectors, queries):
    allowed = np.zeros(N, dtype=bool)
    allowed[np.random.default_rng(count).permutation(N)[:count]] = True
    scores, ids = index.search(queries[:10], K, allowed=allowed)
    kept = min(count, K)
    assert np.all(ids[:, kept:] == -1) and np.all(np.isneginf(scores[:, kept:]))
    for place, query in enumerate(queries[:10]):
        true = oracle(vectors, query, allowed)
        assert set(ids[place, :kept].tolist()) == set(np.argsort(-true, kind="stable")[:kept].tolist())
        np.testing.assert_allclose(scores[place, :kept], np.sort(true)[::-1][:kept], atol=2e-6)


@pytest.mark.parametrize("forbidden", [1, 60, 97, 5_000])
def test_a_filter_that_forbids_few_rows_keeps_the_recall(forbidden, index, vectors, queries):
    # Forbidden are the very best rows of the query: what is left must move up.
    for query in queries[:5]:
        allowed = np.ones(N, dtype=bool)
        allowed[np.argsort(-oracle(vectors, query))[:forbidden]] = False
        ids = index.search(query[None], K, allowed=allowed)[1][0]
        assert np.all(ids >= 0) and np.all(allowed[ids])
    rng = np.random.default_rng(forbidden)
    allowed = np.ones(N, dtype=bool)
    allowed[rng.permutation(N)[:forbidden]] = False
    assert recall(index, vectors, queries[:50], allowed) >= 0.97


def test_small_sets_and_targets_out_of_reach_are_exact(vectors):
    assert isinstance(build_index(vectors[:19_999]), ExactIndex)
    assert isinstance(build_index(vectors[:2_000], exact_below=2_001), ExactIndex)
    assert isinstance(build_index(vectors[:2_000], exact_below=2_000, target_recall=0.5), ApproximateIndex)
    assert isinstance(build_index(vectors[:2_000], exact_below=10, target_recall=1.1), ExactIndex)


def test_the_same_seed_gives_the_same_index(vectors, queries):
    one, other = (build_index(vectors[:3_000], exact_below=10, rng=9) for _ in range(2))
    assert (one.kind, one.recall) == (other.kind, other.recall)
    assert np.array_equal(one.search(queries, K)[1], other.search(queries, K)[1])


def test_saved_and_loaded(index, vectors, queries, tmp_path):
    path = tmp_path / "x.faiss"
    index.save(path)
    again = load_index(path, index.vectors, {"probes": index.probes, "recall": index.recall})
    assert (again.kind, again.recall) == (index.kind, index.recall)
    for one, other in zip(index.search(queries, K), again.search(queries, K), strict=True):
        assert np.array_equal(one, other)
    assert isinstance(load_index(tmp_path / "none", vectors[:100], {}), ExactIndex)
    with pytest.raises(StorageError, match="disk refused"):
        index.save(tmp_path / "no" / "such" / "folder" / "x.faiss")


def test_a_file_is_read_when_it_is_first_searched_or_when_asked_to(index, queries, tmp_path):
    path = tmp_path / "x.faiss"
    index.save(path)
    facts = {"probes": index.probes, "recall": index.recall}
    opened, later = load_index(path, index.vectors, facts), load_index(path, index.vectors, facts)
    opened.open()
    path.write_bytes(path.read_bytes()[:100])
    assert np.array_equal(opened.search(queries, K)[1], index.search(queries, K)[1])
    with pytest.raises(BundleCorruptError, match=r"x\.faiss cannot be read as an index"):
        later.search(queries, K)


class Blind(ExactIndex):
    """Finds every other of the nearest rows."""

    def search(self, queries, k, *, allowed=None):
        scores, ids = super().search(queries, 2 * k, allowed=allowed)
        return scores[:, ::2], ids[:, ::2]


def test_measured_recall_counts_hits(vectors):
    rows = vectors[:1_000]
    edges = np.array([np.sort(oracle(rows, query))[-10] for query in rows[:5]], dtype=np.float32)
    np.testing.assert_allclose(kth_best(normalised(rows), normalised(rows[:5]), 10), edges, atol=1e-6)
    assert measured_recall(ExactIndex(rows), rows[:5], 10, edges) == 1.0
    assert measured_recall(Blind(rows), rows[:5], 10, edges) == 0.5


def test_rows_of_equal_cosine_are_as_good_as_one_another(vectors):
    rows = np.repeat(vectors[:10], 100, axis=0)
    edges = kth_best(normalised(rows), normalised(vectors[:5]), 50)
    assert measured_recall(Blind(rows), vectors[:5], 50, edges) == 1.0


def test_held_out_queries_are_unit_and_near_but_no_rows(vectors):
    rows = ExactIndex(vectors[:1_000]).vectors
    asked = held_out(rows, np.random.default_rng(0))
    assert asked.shape == (200, D)
    np.testing.assert_allclose(np.linalg.norm(asked, axis=1), 1.0, atol=1e-5)
    best = (asked @ rows.T).max(axis=1)
    assert np.all(best < 0.999999) and np.all(best > 0.85)


def test_training_copes_with_zero_rows_and_duplicates():
    rows = np.random.default_rng(0).normal(size=(1_500, 8)).astype(np.float32)
    rows[::7] = 0.0
    rows[1::7] = rows[1]
    inner = train(rows, np.random.default_rng(0))
    assert inner.ntotal == 1_500
    scores, _ = ApproximateIndex(rows, inner, inner.nlist, 1.0).search(rows[1:2], 5)
    np.testing.assert_allclose(scores[0], 1.0, atol=1e-6)
