import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.retrieval.exact import ExactIndex
from matchmaker.retrieval.items import ItemIndex


def best_items(items, offsets, query):
    """MaxSim by brute force: each partner's best cosine, -inf without items."""
    lengths = np.linalg.norm(items, axis=1) * np.linalg.norm(query)
    cosines = items @ query / np.where(lengths > 0, lengths, 1.0)
    pairs = itertools.pairwise(offsets)
    return np.array([cosines[low:high].max() if high > low else -np.inf for low, high in pairs])


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    counts=st.lists(st.integers(0, 30), min_size=1, max_size=25),
    k=st.integers(1, 30),
    share=st.sampled_from([None, 0.0, 0.3, 0.9]),
)
def test_equals_max_sim(seed, counts, k, share):
    rng = np.random.default_rng(seed)
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    items = rng.normal(size=(offsets[-1], 6)) * rng.uniform(0.1, 9, (offsets[-1], 1))
    queries = rng.normal(size=(3, 6))
    allowed = None if share is None else rng.random(len(counts)) < share
    index = ItemIndex(ExactIndex(items.astype(np.float32)), offsets)
    scores, ids = index.search_items(queries.astype(np.float32), k, allowed=allowed)
    assert index.size == len(items)
    assert scores.shape == ids.shape == (3, k) and scores.dtype == np.float32 and ids.dtype == np.int64
    for place, query in enumerate(queries):
        true = best_items(items, offsets, query)
        if allowed is not None:
            true = np.where(allowed, true, -np.inf)
        there = np.flatnonzero(np.isfinite(true))
        count = min(k, len(there))
        found = ids[place, :count]
        assert np.all(ids[place, count:] == -1) and np.all(np.isneginf(scores[place, count:]))
        assert len(set(found.tolist())) == count and set(found.tolist()) <= set(there.tolist())
        np.testing.assert_allclose(scores[place, :count], true[found], atol=2e-6)
        np.testing.assert_allclose(scores[place, :count], np.sort(true[there])[::-1][:count], atol=2e-6)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 6), min_size=1, max_size=30), st.integers(1, 8))
def test_ties_go_to_the_lower_partner(seed, counts, k):
    rng = np.random.default_rng(seed)
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    items = rng.choice([-1.0, 1.0], size=(offsets[-1], 4)).astype(np.float32)
    query = np.array([1, 1, -1, 1], dtype=np.float32)
    true = best_items(items, offsets, query)
    expected = [int(r) for r in np.lexsort((np.arange(len(counts)), -true)) if np.isfinite(true[r])][:k]
    ids = ItemIndex(ExactIndex(items), offsets).search_items(query[None], k)[1][0]
    assert ids[ids >= 0].tolist() == expected


def test_a_partner_with_a_thousand_good_items_takes_one_place():
    rng = np.random.default_rng(0)
    crowd = np.tile([1.0, 0.0], (1_000, 1)) + rng.normal(scale=0.01, size=(1_000, 2))
    items = np.concatenate((crowd, [[1.0, 1.0], [0.0, 1.0]])).astype(np.float32)
    index = ItemIndex(ExactIndex(items), np.array([0, 1_000, 1_001, 1_001, 1_002]))
    scores, ids = index.search_items(np.array([[1, 0]], dtype=np.float32), 3)
    assert ids.tolist() == [[0, 1, 3]]
    assert scores[0].tolist() == pytest.approx([1.0, 0.5**0.5, 0.0], abs=1e-4)


def test_no_items_at_all():
    index = ItemIndex(ExactIndex(np.zeros((0, 2), dtype=np.float32)), np.array([0, 0, 0]))
    assert index.search_items(np.ones((1, 2), dtype=np.float32), 2)[1].tolist() == [[-1, -1]]
