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
