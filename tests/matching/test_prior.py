import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker import Config, GoallessWeights, PriorWeights
from matchmaker.matching.evidence import KINDS, pair_evidence
from matchmaker.matching.prior import DISTINCT, LEXICAL, TOTAL, WEIGHED, direct, read_all, surprises, weigh, weights_for
from matchmaker.matching.scales import Scales
from matchmaker.matching.scorer import score
from tests.matching.worlds import fitted_world


def nats_of(rng, *shape):
    return {kind: np.where(rng.random(shape) < 0.3, np.nan, rng.exponential(size=shape)) for kind in WEIGHED}


def every(value, shape):
    return {kind: np.full(shape, value) for kind in WEIGHED}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_contributions_equal_the_formula_and_add_up(seed):
    rng = np.random.default_rng(seed)
    nats, strength = nats_of(rng, 6), rng.random(6)
    weights = {kind: rng.choice([0.0, 0.2, 0.7], size=6) for kind in WEIGHED}
    parts, total = weigh(nats, weights, strength)
    for k in range(6):
        given_weight = {kind: weights[kind][k] * (strength[k] if kind == LEXICAL else 1.0) for kind in WEIGHED}
        known = [kind for kind in WEIGHED if not np.isnan(nats[kind][k])]
        mass = sum(given_weight[kind] for kind in known)
        for kind in WEIGHED:
            expected = given_weight[kind] * nats[kind][k] / mass if kind in known and mass else 0.0
            assert parts[kind][k] == pytest.approx(expected, abs=1e-12)
        assert total[k] == pytest.approx(sum(parts[kind][k] for kind in WEIGHED), abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_a_table_of_pairs_equals_row_by_row(seed):
    rng = np.random.default_rng(seed)
    nats, strength = nats_of(rng, 3, 5), rng.random((3, 5))
    weights = {kind: rng.random(3) for kind in WEIGHED}
    parts, total = weigh(nats, weights, strength)
    for row in range(3):
        alone, sums = weigh(
            {kind: nats[kind][row] for kind in WEIGHED},
            {kind: np.full(5, weights[kind][row]) for kind in WEIGHED},
            strength[row],
        )
        assert sums == pytest.approx(total[row])
        assert all(alone[kind] == pytest.approx(parts[kind][row]) for kind in WEIGHED)


def test_unknown_evidence_leaves_its_weight_out():
    nats = every(2.0, 1)
    _, whole = weigh(nats, every(0.5, 1), np.ones(1))
    nats["gain"], nats["overlap"] = np.array([np.nan]), np.array([np.nan])
    parts, total = weigh(nats, every(0.5, 1), np.ones(1))
    assert whole == total == pytest.approx([2.0])
    assert parts["gain"] == parts["overlap"] == [0.0]
    assert parts["fit"] == pytest.approx([2.0 / 7])


def test_nothing_known_totals_nothing():
    parts, total = weigh(every(np.nan, 2), every(0.5, 2), np.ones(2))
    assert total.tolist() == [0.0, 0.0]
    assert all(not part.any() for part in parts.values())


def test_strength_multiplies_the_weight_of_lexical_evidence_only():
    nats = every(1.0, 1)
    nats[LEXICAL] = np.array([3.0])
    half, total = weigh(nats, every(1.0, 1), np.array([0.5]))
    assert half[LEXICAL] == pytest.approx([1.5 / 8.5])
    assert half["topic"] == pytest.approx([1.0 / 8.5])
    assert total == pytest.approx([9.5 / 8.5])
    none, _ = weigh(nats, every(1.0, 1), np.zeros(1))
    assert none[LEXICAL] == [0.0]
    assert none["topic"] == pytest.approx([1 / 8])


def test_distinct_is_what_redundancy_leaves_of_one():
    scale = Scales.fit(np.linspace(0, 1, 1001)[None, :])
    raw = {kind: np.array([0.3]) for kind in KINDS} | {"redundancy": np.array([0.8])}
    nats, percentiles = surprises(raw, dict.fromkeys(KINDS, scale))
    assert percentiles["redundancy"] == pytest.approx([0.8], abs=0.01)
    assert nats[DISTINCT] == pytest.approx([0.2], abs=0.01)
    unknown, _ = surprises(raw | {"redundancy": np.array([np.nan])}, dict.fromkeys(KINDS, scale))
    assert np.isnan(unknown[DISTINCT]).all()


def test_weights_follow_whether_there_are_goals():
    config = Config(weights=PriorWeights(gain=0.9, fit=0.3), goalless_weights=GoallessWeights(fit=0.6))
    weights = weights_for(config, np.array([True, False]))
    assert weights["gain"].tolist() == [0.9, 0.0]
    assert weights["fit"].tolist() == [0.3, 0.6]
    assert set(weights) == set(WEIGHED)


def test_one_value_a_scale_is_read_like_one_scale_at_a_time():
    rng = np.random.default_rng(5)
    scales = {kind: Scales.fit(rng.normal(size=(4, 50))) for kind in KINDS}
    raw = {kind: np.append(rng.normal(size=3), np.nan) for kind in KINDS}
    together = read_all(raw, scales)
    for kind in KINDS:
        alone = [scales[kind].take(np.array([row])).surprise(raw[kind][row : row + 1])[0] for row in range(4)]
        np.testing.assert_array_equal(together[kind], alone)


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
    raw = pair_evidence(space, side, rows).directed(outward)
    for place, row in enumerate(rows):
        receiver = space.side(asking if outward else int(row))
        declared = config.weights if len(receiver.goals.vectors) else config.goalless_weights
        parts, mass = {}, 0.0
        for kind in WEIGHED:
            source = "redundancy" if kind == DISTINCT else kind
            nats = receiver.scales[source].surprise(raw[source][place : place + 1])[0]
            if np.isnan(nats):
                assert found.contributions[kind][place] == 0.0
                continue
            weight = getattr(declared, kind) * (scored.evidence.strength[place] if kind == LEXICAL else 1.0)
            parts[kind] = weight * (np.exp(-nats) if kind == DISTINCT else nats)
            mass += weight
        for kind, part in parts.items():
            assert found.contributions[kind][place] == pytest.approx(part / mass, abs=1e-9)
        total = sum(parts.values()) / mass
        assert found.total[place] == pytest.approx(total, abs=1e-9)
        standing = receiver.scales[TOTAL].surprise(np.array([total]))[0]
        assert found.value[place] == pytest.approx(1 - np.exp(-standing), abs=1e-9)


def test_direct_reads_the_total_on_the_scale_of_totals():
    steady = Scales.fit(np.linspace(0, 1, 1001)[None, :])
    raw = {kind: np.full(2, np.nan) for kind in KINDS} | {"topic": np.array([0.5, 0.75])}
    scales = dict.fromkeys(KINDS, steady) | {TOTAL: Scales.fit(np.linspace(0, 2, 1001)[None, :])}
    found = direct(raw, scales, every(1.0, 2), np.ones(2))
    assert found.total == pytest.approx([np.log(2), np.log(4)], abs=0.01)
    assert found.value == pytest.approx([np.log(2) / 2, np.log(4) / 2], abs=0.01)
    assert found.percentiles["topic"] == pytest.approx([0.5, 0.75], abs=0.01)
