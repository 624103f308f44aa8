import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.matching.joined import Joined, joined


@given(st.integers(0, 6), st.integers(0, 6), st.sampled_from([(), (3,), (2, 4)]), st.data())
def test_reads_like_the_array_it_stands_for(n, m, shape, data):
    rng = np.random.default_rng(n * 7 + m)
    base, tail = rng.normal(size=(n, *shape)), rng.normal(size=(m, *shape))
    whole, parts = np.concatenate((base, tail)), joined(base, tail)
    assert (len(parts), parts.shape, parts.ndim, parts.dtype) == (n + m, whole.shape, whole.ndim, whole.dtype)
    assert np.array_equal(np.asarray(parts), whole)
    assert np.array_equal(np.asarray(parts, dtype=np.float32), whole.astype(np.float32))
    if n + m:
        rows = np.array(data.draw(st.lists(st.integers(0, n + m - 1), max_size=9)), dtype=np.int64)
        assert np.array_equal(parts.take(rows, axis=0), whole[rows])
        assert np.array_equal(parts[rows], whole[rows])
        assert np.array_equal(parts[rows.tolist()], whole[rows])
        row = data.draw(st.integers(-(n + m), n + m - 1))
        assert np.array_equal(parts[row], whole[row])
        if shape:
            assert np.array_equal(parts[rows, 1], whole[rows, 1])
            assert np.array_equal(parts[row, 0], whole[row, 0])
    low, high = data.draw(st.integers(0, n + m)), data.draw(st.integers(0, n + m))
    assert np.array_equal(parts[low:high], whole[low:high])
    assert np.array_equal(parts[::2], whole[::2])
    assert np.array_equal(parts[::-1], whole[::-1])
    assert np.array_equal(parts[None], whole[None])
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=n + m, max_size=n + m)), dtype=bool)
    assert np.array_equal(parts[mask], whole[mask])


def test_a_product_is_that_of_the_whole_array():
    rng = np.random.default_rng(0)
    base, tail, other = rng.normal(size=(5, 3)), rng.normal(size=(2, 3)), rng.normal(size=(3, 4))
    assert np.allclose(joined(base, tail).dot(other), np.concatenate((base, tail)) @ other)
    assert np.allclose(joined(base, tail) @ other, np.concatenate((base, tail)) @ other)


def test_rows_that_are_not_there_are_refused():
    parts = joined(np.zeros((2, 3)), np.zeros((1, 3)))
    for wrong in (3, -4, np.array([3]), np.array([0, -1]), np.array([True, False])):
        with pytest.raises(IndexError):
            parts[wrong]
    assert len(list(parts)) == 3


def test_rows_of_another_kind_are_refused():
    with pytest.raises(ValueError, match="not rows of one array"):
        Joined(np.zeros((2, 3)), np.zeros((2, 4)))
    with pytest.raises(ValueError, match="not rows of one array"):
        Joined(np.zeros(2, np.float32), np.zeros(2))
    with pytest.raises(ValueError, match="first axis"):
        Joined(np.zeros((2, 3)), np.zeros((2, 3))).take(np.array([0]), axis=1)
    with pytest.raises(ValueError, match="without a copy"):
        np.array(Joined(np.zeros((2, 3)), np.zeros((2, 3))), copy=False)
