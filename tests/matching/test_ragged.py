import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.matching.ragged import Items, LabelSets, ranges, segment_max, segment_sum, unit

LABELS = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=5), min_size=1, max_size=8)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 6)), max_size=8))
def test_ranges_concatenates(pairs):
    starts = np.array([start for start, _ in pairs], dtype=np.int64)
    ends = starts + np.array([length for _, length in pairs], dtype=np.int64)
    flat, offsets = ranges(starts, ends)
    assert flat.tolist() == [i for start, length in pairs for i in range(start, start + length)]
    assert np.diff(offsets).tolist() == [length for _, length in pairs]


def test_segments_with_empty_ones():
    values, offsets = np.array([1.0, 2.0, 3.0], dtype=np.float32), np.array([0, 2, 2, 3])
    assert segment_sum(values, offsets).tolist() == [3.0, 0.0, 3.0]
    assert segment_max(values, offsets, empty=-1.0).tolist() == [2.0, -1.0, 3.0]


def test_take_and_mean():
    items = Items(np.eye(3, dtype=np.float32), np.array([0, 2, 2, 3]))
    assert items.take(np.array([2, 0])).vectors.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    assert items.mean() == pytest.approx(np.array([[0.5**0.5, 0.5**0.5, 0], [0, 0, 0], [0, 0, 1]]), abs=1e-6)


@given(LABELS, st.lists(st.sampled_from("abcdefgz"), max_size=5))
def test_jaccard_equals_sets(rows, asked):
    sets = LabelSets.fit(rows)
    query = sets.encode(asked)
    got = sets.jaccard(query, np.arange(len(rows)))
    weight = dict(zip(sets.labels, sets.weights, strict=True))
    mine = {label for label in asked if label in weight}
    for row, theirs in enumerate(map(set, rows)):
        if not mine or not theirs:
            assert np.isnan(got[row])
        else:
            expected = sum(weight[x] for x in mine & theirs) / sum(weight[x] for x in mine | theirs)
            assert got[row] == pytest.approx(expected, abs=1e-6)


def test_rarer_labels_weigh_more_and_uncounted_rows_do_not_count():
    sets = LabelSets.fit([["a", "b"], ["a"], ["a"], ["a"]], counted=np.array([True, True, True, False]))
    a, b = sets.weights
    assert b > a
    assert a == pytest.approx(np.log(2.0))


def test_unit_keeps_zero_rows():
    assert unit(np.array([[3.0, 4.0], [0.0, 0.0]])) == pytest.approx(np.array([[0.6, 0.8], [0, 0]]))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8), st.integers(0, 10**6))
def test_segments_equal_loops_along_either_axis(counts, seed):
    offsets = np.concatenate(([0], np.cumsum(counts)))
    values = np.random.default_rng(seed).normal(size=(int(offsets[-1]), 3)).astype(np.float32)
    parts = [values[low:high] for low, high in itertools.pairwise(offsets)]
    sums = np.array([part.sum(axis=0, dtype=np.float64) for part in parts])
    largest = np.array([part.max(axis=0) if len(part) else np.full(3, -9.0) for part in parts])
    assert segment_sum(values, offsets) == pytest.approx(sums, abs=1e-12)
    assert np.array_equal(segment_max(values, offsets, empty=-9.0), largest)
    assert np.array_equal(segment_max(values.T, offsets, empty=-9.0, axis=1), largest.T)
