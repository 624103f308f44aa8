import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matchmaker.matching.scales import TOP, Scales, percentile

VALUES = st.floats(-5, 5, width=32)


def test_percentile_of_known_uniform_sample():
    scale = Scales.fit(np.linspace(0, 1, 1001)[None, :])
    p = percentile(scale.surprise(np.array([0.1, 0.5, 0.85])))
    assert p == pytest.approx([0.1, 0.5, 0.85], abs=0.01)


def test_tail_follows_the_exponential_law_it_was_drawn_from():
    rng = np.random.default_rng(0)
    scale = Scales.fit(rng.exponential(size=(1, 4096)))
    nats = scale.surprise(np.array([3.0, 5.0]))  # the surprise of an exponential draw x is x itself
    assert nats[0] == pytest.approx(3.0, abs=0.25)
    assert nats[1] == pytest.approx(5.0, abs=0.9)


def test_strictly_monotone_to_the_last_of_100_000():
    rng = np.random.default_rng(1)
    scale = Scales.fit(rng.normal(size=(1, 512)))
    values = np.sort(rng.normal(scale=3, size=100_000))
    p = percentile(scale.surprise(values))
    inside = values > -3
    assert np.all(np.diff(p[inside]) > 0)
    assert np.all(np.diff(p) >= 0)
    assert p[-1] < 1.0


def test_ties_get_the_middle_of_their_run():
    sample = np.concatenate((np.zeros(400), np.linspace(0.1, 1, 600)))[None, :]
    assert percentile(Scales.fit(sample).surprise(np.array([0.0])))[0] == pytest.approx(0.2, abs=0.03)


def test_missing_stays_missing_and_an_empty_row_is_a_scale_of_zero():
    scale = Scales.fit(np.array([[np.nan, np.nan], [0.1, 0.9]]))
    nats = scale.surprise(np.array([[np.nan, 0.0], [np.nan, 0.5]]))
    assert np.isnan(nats[:, 0]).all()
    assert np.isfinite(nats[:, 1]).all()


@settings(max_examples=60, deadline=None)
@given(arrays(np.float32, (3, 40), elements=VALUES), arrays(np.float32, (3, 7), elements=VALUES))
def test_matrix_equals_row_by_row(sample, values):
    scales = Scales.fit(sample)
    whole = scales.surprise(values)
    for row in range(3):
        assert np.array_equal(whole[row], scales.take(slice(row, row + 1)).surprise(values[row]))
    assert np.array_equal(scales.surprise(values[:, 0]), whole[:, 0])


@settings(max_examples=60, deadline=None)
@given(arrays(np.float32, (1, 64), elements=VALUES), arrays(np.float32, 30, elements=VALUES))
def test_monotone_and_in_range_for_any_sample(sample, values):
    nats = Scales.fit(sample).surprise(np.sort(values))
    assert np.all(np.diff(nats) >= -1e-12)
    assert np.all((percentile(nats) >= 0) & (percentile(nats) < 1))


@settings(max_examples=60, deadline=None)
@given(arrays(np.float32, (1, 64), elements=VALUES), st.randoms(use_true_random=False))
def test_order_of_the_sample_does_not_matter(sample, random):
    order = list(range(64))
    random.shuffle(order)
    one, other = Scales.fit(sample), Scales.fit(sample[:, order])
    assert np.array_equal(one.knots, other.knots)
    assert one.width == pytest.approx(other.width)


def test_top_knot_is_where_the_tail_begins():
    scale = Scales.fit(np.linspace(0, 1, 1001)[None, :])
    assert percentile(scale.surprise(scale.knots[0, -1:].astype(float)))[0] == pytest.approx(TOP)
