import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.matching.evidence import DIGITS, KINDS, pair_evidence
from matchmaker.matching.prior import TOTAL, weigh, weights_for
from matchmaker.matching.scales import KNOTS, LEVELS, SHAPE, TOP, Scales, percentile
from tests.matching.worlds import fitted_world

STEP = 10.0**-DIGITS


def sample_of(seed):
    """A sample with gaps, and half of the time with a run of ties."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=rng.integers(2, 80))
    if seed % 2:
        values[: len(values) // 3] = 0.25
    return np.append(values, [np.nan] * int(rng.integers(0, 5)))


def nats_by_hand(knots, width, x):
    """The surprise of one value, read off one row of knots in plain loops."""
    equal = [place for place, knot in enumerate(knots) if abs(knot - x) <= 1e-6]
    if len(equal) >= 2:
        return -math.log(1 - (LEVELS[equal[0]] + LEVELS[equal[-1]]) / 2)
    if x > knots[-1]:
        return -math.log(1 - TOP) + math.log(1 + SHAPE * min((x - knots[-1]) / width, 200)) / SHAPE
    if x <= knots[0]:
        return -math.log(1 - LEVELS[0] / (1 + (knots[0] - x) / width))
    place = next(place for place in range(1, KNOTS) if x <= knots[place])
    share = (x - knots[place - 1]) / (knots[place] - knots[place - 1])
    return -math.log(1 - LEVELS[place - 1] - share * (LEVELS[place] - LEVELS[place - 1]))


def populations():
    """What 100,000 candidates look like to one partner, and the 512 of them that it was scaled on."""
    rng = np.random.default_rng(7)
    count = 100_000
    return {
        "cosine": rng.normal(scale=0.15, size=count),
        "lexical": rng.exponential(scale=0.01, size=count) ** 1.5,
        "gain": np.where(rng.random(count) < 0.85, 0.0, rng.exponential(scale=0.05, size=count)),
        "total": rng.gamma(3.0, scale=0.4, size=count),
        "heavy": rng.standard_t(3, size=count),
    }


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_knots_are_quantiles_of_what_is_known(seed):
    sample = sample_of(seed)
    scale = Scales.fit(sample[None, :])
    assert scale.knots[0] == pytest.approx(np.nanquantile(sample, LEVELS), abs=1e-6)
    top = np.nanquantile(sample, TOP)
    if np.nanmin(np.abs(sample - top)) > 1e-5:  # a value at the knot itself has a test of its own
        over = [x - top for x in sample if x > top]
        spread = np.nanmax(sample) - np.nanmin(sample)
        assert scale.width[0] == pytest.approx(max(np.mean(over), 0.02 * spread, 1e-6), rel=1e-4)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_readings_equal_loops(seed):
    sample = sample_of(seed)
    scale = Scales.fit(sample[None, :])
    knots, width = scale.knots[0].astype(float).tolist(), float(scale.width[0])
    values = np.concatenate((sample[~np.isnan(sample)], np.random.default_rng(seed).normal(scale=3, size=20)))
    expected = [nats_by_hand(knots, width, x) for x in values]
    assert scale.surprise(values) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_gaps_in_the_sample_change_nothing(seed):
    sample = sample_of(seed)
    one, other = Scales.fit(sample[~np.isnan(sample)][None, :]), Scales.fit(np.append(np.nan, sample)[None, :])
    assert np.array_equal(one.knots, other.knots)
    assert np.array_equal(one.width, other.width)


def test_only_values_above_the_top_knot_count_in_the_mean_excess():
    for top in (0.1, 0.7):  # the nearest float32 lies above the one and below the other
        alone = np.concatenate((np.zeros(18), [top, top + 0.1, top + 0.2]))
        run = np.concatenate((np.zeros(18), np.full(22, top), [top + 0.1, top + 0.2]))
        for sample in (alone, run):
            assert Scales.fit(sample[None, :]).width[0] == pytest.approx(0.15, rel=1e-4)


@pytest.mark.parametrize("kind", populations())
def test_surprise_grows_strictly_to_the_last_of_100_000(kind):
    values = populations()[kind]
    scale = Scales.fit(values[None, :512])
    apart = np.unique(np.round(values / (5 * STEP))) * 5 * STEP
    nats = scale.surprise(apart)
    assert np.all(np.diff(nats) > 0)
    assert np.all(np.diff(percentile(nats)[apart > scale.knots[0, 0]]) > 0)
    assert percentile(nats[-1:])[0] < 1.0


def test_one_ten_and_a_hundred_widths_above_the_top_knot():
    scale = Scales.fit(np.linspace(0, 1, 1001)[None, :])
    nats = scale.surprise(scale.knots[0, -1] + scale.width[0] * np.array([0.0, 1.0, 10.0, 100.0]))
    assert nats == pytest.approx([2.3026, 3.2557, 9.2341, 26.2815], abs=1e-3)  # 2.3026 + 10 ln(1 + x / 10)


def test_equal_values_are_equal_wherever_they_stand():
    sample = np.concatenate((np.full(300, 0.125), np.linspace(0.2, 1, 212)))
    scale = Scales.fit(sample[None, :])
    nats = scale.surprise(np.array([0.5, 0.125, 0.9, 0.125]))
    assert nats[1] == nats[3] < nats[0] < nats[2]


def test_a_tie_reads_as_the_middle_of_its_run_and_its_neighbours_lie_outside():
    sample = np.concatenate((np.linspace(0, 0.4, 250), np.full(500, 0.5), np.linspace(0.6, 1, 250)))
    p = percentile(Scales.fit(sample[None, :]).surprise(np.array([0.4999, 0.5, 0.5001])))
    assert p[1] == pytest.approx(0.5, abs=0.03)
    assert p[0] <= 0.31
    assert p[2] >= 0.69


@pytest.mark.parametrize("places", [1, 2, 40])
def test_values_summed_in_another_order_read_the_same(places):
    # Evidence is rounded to DIGITS: the same cosine summed in two orders is the same number, or one step apart.
    value = round(0.0113 * places, DIGITS)
    scale = Scales.fit(np.concatenate((np.full(60, value), np.linspace(-1, 1, 40)))[None, :])
    alike = scale.surprise(np.array([value - STEP, value, value + STEP]))
    assert alike == pytest.approx(alike[1], abs=1e-3)


@pytest.mark.parametrize("constant", [0.0, 0.3])
def test_a_scale_of_one_value_still_tells_larger_values_apart(constant):
    nats = Scales.fit(np.full((1, 512), constant)).surprise(constant + np.array([0.0, 0.01, 0.1, 0.5]))
    assert np.all(np.diff(nats) > 0)


def test_a_hair_above_a_scale_of_one_value_is_not_the_find_of_a_lifetime():
    # 512 zeros say that a positive value is rarer than one in 512 (6.2 nats); 30 nats would be one in ten trillion.
    nats = Scales.fit(np.zeros((1, 512))).surprise(np.array([0.001]))
    assert nats[0] < 10.0


def refitted(space, config, row):
    """The scales of one partner, fitted again from its pairs with the reference, and that of its totals."""
    side = space.side(row)
    found = pair_evidence(space, side, space.reference[space.reference != row])
    raw = found.raw[:, 0]
    fitted = Scales.fit(raw)
    nats = fitted.surprise(raw)
    nats[-1] = np.exp(-nats[-1])
    weights = weights_for(config, np.array([len(side.goals.vectors) > 0]))
    return Scales.stack((fitted, Scales.fit(weigh(nats, weights, found.strength)[1][None, :])))


def test_fitted_scales_are_those_of_the_reference_without_oneself():
    engine = fitted_world(1)
    space = engine.fitted.space
    assert len(space.reference) == engine.config.reference_size < len(space)
    for row in range(len(space)):
        fitted = refitted(space, engine.config, row)
        for place, kind in enumerate(KINDS):
            assert space.scales.knots[row, place] == pytest.approx(fitted.knots[place], abs=2e-6), kind


def test_no_partner_is_its_own_reference():
    # What one gives oneself is unknown and totals nothing: it would be the lowest of all totals.
    for seed in range(4):
        assert fitted_world(seed).fitted.space.scales.knots[:, TOTAL, 0].min() > 0.05


def test_fitted_totals_are_those_of_the_reference_without_oneself():
    engine = fitted_world(1)
    space = engine.fitted.space
    for row in range(len(space)):
        knots = refitted(space, engine.config, row).knots[TOTAL]
        assert space.scales.knots[row, TOTAL] == pytest.approx(knots, abs=1e-3)
