import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker import Config, GoallessWeights, PriorWeights
from matchmaker.matching.evidence import KINDS, pair_evidence
from matchmaker.matching.prior import DISTINCT, LEXICAL, TOTAL, WEIGHED, both_ways, totals, weigh, weights_for
from matchmaker.matching.scales import Scales
from matchmaker.matching.scorer import score
from tests.matching.worlds import fitted_world


def nats_of(rng, *shape):
    shape = (len(WEIGHED), *shape)
    return np.where(rng.random(shape) < 0.3, np.nan, rng.exponential(size=shape))


def every(value, *shape):
    return np.full((len(WEIGHED), *shape), float(value))


def place(kind):
    return WEIGHED.index(kind)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_contributions_equal_the_formula_and_add_up(seed):
    rng = np.random.default_rng(seed)
    nats, strength = nats_of(rng, 6), rng.random(6)
    weights = rng.choice([0.0, 0.2, 0.7], size=(len(WEIGHED), 6))
    parts, total = weigh(nats, weights, strength)
    for k in range(6):
        given_weight = [weights[c][k] * (strength[k] if c == LEXICAL else 1.0) for c in range(len(WEIGHED))]
        known = [c for c in range(len(WEIGHED)) if not np.isnan(nats[c][k])]
        mass = sum(given_weight[c] for c in known)
        for c in range(len(WEIGHED)):
            expected = given_weight[c] * nats[c][k] / mass if c in known and mass else 0.0
            assert parts[c][k] == pytest.approx(expected, abs=1e-12)
        assert total[k] == pytest.approx(sum(parts[:, k]), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_a_table_of_pairs_equals_row_by_row(seed):
    rng = np.random.default_rng(seed)
    nats, strength = nats_of(rng, 3, 5), rng.random((3, 5))
    weights = rng.random((len(WEIGHED), 3, 1))
    parts, total = weigh(nats, weights, strength)
    for row in range(3):
        alone, sums = weigh(nats[:, row], np.repeat(weights[:, row], 5, axis=1), strength[row])
        assert sums == pytest.approx(total[row])
        assert alone == pytest.approx(parts[:, row])


def test_unknown_evidence_leaves_its_weight_out():
    nats = every(2.0, 1)
    _, whole = weigh(nats, every(0.5, 1), np.ones(1))
    nats[[place("gain"), place("overlap")]] = np.nan
    parts, total = weigh(nats, every(0.5, 1), np.ones(1))
    assert whole == total == pytest.approx([2.0])
    assert parts[place("gain")] == parts[place("overlap")] == [0.0]
    assert parts[place("fit")] == pytest.approx([2.0 / 7])


def test_nothing_known_totals_nothing():
    parts, total = weigh(every(np.nan, 2), every(0.5, 2), np.ones(2))
    assert total.tolist() == [0.0, 0.0]
    assert not parts.any()


def test_strength_multiplies_the_weight_of_lexical_evidence_only():
    nats = every(1.0, 1)
    nats[LEXICAL] = 3.0
    half, total = weigh(nats, every(1.0, 1), np.array([0.5]))
    assert half[LEXICAL] == pytest.approx([1.5 / 8.5])
    assert half[place("topic")] == pytest.approx([1.0 / 8.5])
    assert total == pytest.approx([9.5 / 8.5])
    none, _ = weigh(nats, every(1.0, 1), np.zeros(1))
    assert none[LEXICAL] == [0.0]
    assert none[place("topic")] == pytest.approx([1 / 8])


def steady(count, top=1.0):
    """A scale of evenly spread values from 0 to `top` for every kind, and of totals from 0 to 2: `count` partners."""
    one, total = (Scales.fit(np.linspace(0, high, 1001)[None, :]) for high in (top, 2.0))
    row = Scales.stack([one] * len(KINDS) + [total])
    return Scales(np.tile(row.knots, (count, 1, 1)), np.tile(row.width, (count, 1)))


def ways(raw, **known):
    """`both_ways` of k pairs on steady scales, from the same evidence both ways; unnamed kinds are unknown."""
    values = np.full((len(KINDS), 2, raw), np.nan)
    for kind, value in known.items():
        values[KINDS.index(kind)] = value
    return both_ways(values, steady(1).take(0), steady(raw), np.ones((len(WEIGHED), 2, raw)), np.ones(raw))


def test_distinct_is_what_redundancy_leaves_of_one():
    out, back, mean = ways(1, redundancy=0.8)
    for side in (out, back):
        assert side.percentiles[KINDS.index("redundancy")] == pytest.approx([0.8], abs=0.01)
        assert side.contributions[place(DISTINCT)] == pytest.approx([0.2], abs=0.01)
    assert mean[KINDS.index("redundancy")] == pytest.approx([0.8], abs=0.01)
    out, _, mean = ways(1, topic=0.5)
    assert out.contributions[place(DISTINCT)] == [0.0]
    assert np.isnan(mean[KINDS.index("redundancy")]).all()


def test_weights_follow_whether_there_are_goals():
    config = Config(weights=PriorWeights(gain=0.9, fit=0.3), goalless_weights=GoallessWeights(fit=0.6))
    weights = weights_for(config, np.array([True, False]))
    assert weights[place("gain")].tolist() == [0.9, 0.0]
    assert weights[place("fit")].tolist() == [0.3, 0.6]
    assert weights.shape == (len(WEIGHED), 2)


def test_totals_of_a_table_equal_those_of_its_pairs():
    rng = np.random.default_rng(5)
    raw = np.where(rng.random((len(KINDS), 40, 7)) < 0.2, np.nan, rng.normal(size=(len(KINDS), 40, 7)))
    raw[1, 16:32] = np.nan  # a kind that nobody of one block has
    rows = [Scales.fit(rng.normal(size=(len(KINDS), 50))) for _ in range(40)]
    scales = Scales(np.stack([row.knots for row in rows]), np.stack([row.width for row in rows]))
    weights, strength = rng.random((len(KINDS), 40)), rng.random((40, 7))
    together = totals(raw, scales, weights, strength)
    for row in range(40):
        nats = np.stack([scales.take(row).take([kind]).surprise(raw[kind, row]) for kind in range(len(KINDS))])
        nats[-1] = np.exp(-nats[-1])
        assert together[row] == pytest.approx(weigh(nats, weights[:, row, None], strength[row])[1])


@pytest.mark.parametrize("outward", [True, False])
@pytest.mark.parametrize("asking", [5, 6])
def test_scored_pairs_equal_the_prior_written_out(outward, asking):
    engine = fitted_world(1)
    space, config = engine.fitted.space, engine.config
    rows = np.array([0, 3, 8, 17, 25])
    side = space.side(asking)
    assert space.goals.counts()[[5, 6, 0, 3]].astype(bool).tolist() == [True, False, False, True]
    scored = score(space, config, side, rows, np.zeros(len(rows), dtype=bool))
    found = scored.out if outward else scored.back
    raw = pair_evidence(space, side, rows).raw[:, 0 if outward else 1]
    for pair, row in enumerate(rows):
        receiver = space.side(asking if outward else int(row))
        declared = config.weights if len(receiver.goals.vectors) else config.goalless_weights
        parts, mass = {}, 0.0
        for number, kind in enumerate(WEIGHED):
            nats = receiver.scales.take([number]).surprise(raw[number][pair : pair + 1])[0]
            if np.isnan(nats):
                assert found.contributions[number][pair] == 0.0
                continue
            weight = getattr(declared, kind) * (scored.evidence.strength[pair] if number == LEXICAL else 1.0)
            parts[number] = weight * (np.exp(-nats) if kind == DISTINCT else nats)
            mass += weight
        for number, part in parts.items():
            assert found.contributions[number][pair] == pytest.approx(part / mass, abs=1e-9)
        total = sum(parts.values()) / mass
        assert found.total[pair] == pytest.approx(total, abs=1e-9)
        standing = receiver.scales.take([TOTAL]).surprise(np.array([total]))[0]
        assert found.value[pair] == pytest.approx(1 - np.exp(-standing), abs=1e-9)


def test_the_total_is_read_on_the_scale_of_totals():
    for found in ways(2, topic=[0.5, 0.75])[:2]:
        assert found.total == pytest.approx([np.log(2), np.log(4)], abs=0.01)
        assert found.value == pytest.approx([np.log(2) / 2, np.log(4) / 2], abs=0.01)
        assert found.percentiles[KINDS.index("topic")] == pytest.approx([0.5, 0.75], abs=0.01)
