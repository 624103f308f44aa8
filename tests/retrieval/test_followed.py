import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.errors import InternalError
from matchmaker.retrieval.approximate import ApproximateIndex, train
from matchmaker.retrieval.exact import ExactIndex, normalised
from matchmaker.retrieval.followed import FollowedIndex
from matchmaker.retrieval.items import ItemIndex


def unit_rows(rng, count, dimension=12):
    return normalised(rng.normal(size=(count, dimension)).astype(np.float32))


@given(st.integers(0, 40), st.integers(0, 12), st.integers(1, 50), st.integers(0, 99), st.booleans())
def test_it_finds_what_one_index_over_all_rows_finds(n, m, k, seed, masked):
    rng = np.random.default_rng(seed)
    base, tail, queries = unit_rows(rng, n), unit_rows(rng, m), unit_rows(rng, 3)
    allowed = rng.random(n + m) < 0.5 if masked else None
    whole = ExactIndex(np.concatenate((base, tail)), checked=True)
    parts = FollowedIndex(ExactIndex(base, checked=True), tail)
    assert parts.size == n + m
    scores, ids = whole.search(queries, k, allowed=allowed)
    near, rows = parts.search(queries, k, allowed=allowed)
    assert np.array_equal(rows, ids)
    assert near == pytest.approx(scores, abs=1e-6)


def test_ties_go_to_the_lower_row_in_whichever_part_it_is():
    rows = unit_rows(np.random.default_rng(0), 4)
    parts = FollowedIndex(ExactIndex(rows), rows[[2, 2, 1]])
    assert parts.search(rows[2:3], 3)[1].tolist() == [[2, 4, 5]]
    assert parts.search(rows[1:2], 1)[1].tolist() == [[1]]


def test_partners_behind_an_item_index_are_found_by_their_best_item():
    rng = np.random.default_rng(1)
    base, tail, query = unit_rows(rng, 9), unit_rows(rng, 5), unit_rows(rng, 2)
    offsets = np.array([0, 2, 4, 9, 9, 11, 14])
    whole = ItemIndex(ExactIndex(np.concatenate((base, tail))), offsets)
    parts = ItemIndex(FollowedIndex(ExactIndex(base), tail), offsets)
    for allowed in (None, np.array([True, False, True, True, False, True])):
        for one, other in zip(
            whole.search_items(query, 4, allowed=allowed), parts.search_items(query, 4, allowed=allowed), strict=True
        ):
            assert one == pytest.approx(other, abs=1e-6)


def test_a_few_forbidden_rows_of_many_are_dropped_and_the_rest_is_found_in_full():
    rng = np.random.default_rng(2)
    vectors = unit_rows(rng, 24_000, 8)
    index = ApproximateIndex(vectors, train(vectors, rng), 16, 1.0)
    queries = unit_rows(rng, 5, 8)
    exact = ExactIndex(vectors)
    for forbidden in (
        rng.permutation(24_000)[:900],
        exact.search(queries[:1], 900)[1][0],
    ):  # anywhere, or all in the way
        allowed = np.ones(24_000, dtype=bool)
        allowed[forbidden] = False
        scores, ids = index.search(queries, 30, allowed=allowed)
        assert (ids >= 0).all()
        assert allowed[ids].all()
        assert np.mean(scores[:, -1] >= exact.search(queries, 30, allowed=allowed)[0][:, -1] - 1e-3) >= 0.8


def test_only_what_was_built_is_saved(tmp_path):
    rows = unit_rows(np.random.default_rng(0), 4)
    index = FollowedIndex(ExactIndex(rows), rows)
    index.open()
    assert (index.kind, index.recall) == ("exact", 1.0)
    with pytest.raises(InternalError, match="build again"):
        index.save(tmp_path / "index_topic.faiss")
