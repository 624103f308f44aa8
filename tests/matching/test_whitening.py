import numpy as np
import pytest

from matchmaker.matching.ragged import unit
from matchmaker.matching.whitening import Whitening


def test_whitened_rows_have_no_common_direction():
    rng = np.random.default_rng(0)
    rows = unit(rng.normal(size=(2000, 32)) * np.linspace(0.1, 3, 32) + 4.0)
    assert np.mean(rows @ rows.T) > 0.8
    white = Whitening.fit(rows, dimensions=16).apply(rows)
    assert white.shape == (2000, 16)
    assert abs(np.mean(white @ white.T)) < 0.01
    assert np.cov(white, rowvar=False) == pytest.approx(np.eye(16) / 16, abs=0.02)
    assert np.linalg.norm(white, axis=1) == pytest.approx(np.ones(2000), abs=1e-5)


def test_no_text_stays_zero_and_does_not_enter_the_fit():
    rng = np.random.default_rng(1)
    rows = unit(rng.normal(size=(100, 8)))
    with_gaps = np.concatenate((rows, np.zeros((5, 8), dtype=np.float32)))
    one, other = Whitening.fit(rows), Whitening.fit(with_gaps)
    assert np.array_equal(one.matrix, other.matrix)
    assert not one.apply(with_gaps)[100:].any()


def test_few_partners_pass_through():
    rows = unit(np.random.default_rng(2).normal(size=(3, 8)))
    assert Whitening.fit(rows).apply(rows) == pytest.approx(rows)


@pytest.mark.parametrize(("count", "axes"), [(7, 64), (8, 2), (40, 10), (192, 48), (300, 48)])
def test_axes_are_a_quarter_of_the_partners_and_at_most_48(count, axes):
    rows = unit(np.random.default_rng(3).normal(size=(count, 64)))
    assert Whitening.fit(rows).matrix.shape == (64, axes)


def test_equals_the_textbook_one_row_at_a_time():
    rng = np.random.default_rng(4)
    rows = unit(rng.normal(size=(60, 12)) * np.linspace(0.2, 2, 12) + 1.0)
    fitted = Whitening.fit(rows, dimensions=5)
    left, spread, axes = np.linalg.svd(rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64))
    scores = left[:, :5] * np.sqrt(len(rows) - 1)  # principal components of variance 1
    assert spread[4] > spread[5]
    expected = scores / np.linalg.norm(scores, axis=1, keepdims=True)
    got = fitted.apply(rows)
    assert got @ got.T == pytest.approx(expected @ expected.T, abs=1e-4)
    assert np.abs(fitted.matrix.T @ axes[:5].T) == pytest.approx(np.diag(np.sqrt(len(rows) - 1) / spread[:5]), abs=1e-3)
    assert np.concatenate([fitted.apply(row[None, :]) for row in rows]) == pytest.approx(got, abs=1e-5)


def test_axes_point_the_same_way_whatever_the_order_of_rows():
    rng = np.random.default_rng(5)
    rows = unit(rng.normal(size=(80, 6)) * np.arange(1, 7) + 2.0)
    one, other = Whitening.fit(rows), Whitening.fit(rows[rng.permutation(80)])
    assert one.matrix == pytest.approx(other.matrix, rel=1e-3, abs=1e-4)
    highest = np.argmax(np.abs(one.matrix), axis=0)
    assert np.all(one.matrix[highest, np.arange(6)] > 0)


def test_a_new_text_near_a_known_one_stays_near_it():
    rng = np.random.default_rng(6)
    kinds = unit(rng.normal(size=(5, 96)))
    fitted = Whitening.fit(kinds[np.arange(40) % 5])  # forty partners, five audiences
    near = unit(kinds[:1] + 0.03 * rng.normal(size=(1, 96)))
    assert near @ kinds[0] > 0.9
    assert fitted.apply(near) @ fitted.apply(kinds[:1])[0] > 0.8
