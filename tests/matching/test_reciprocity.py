import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.matching.reciprocity import balance, harmonic, mutual_nats, one_way

NATS = st.floats(0, 30)


def test_known_values():
    out, back = np.array([0.9, 1.0, 0.0, 0.5]), np.array([0.3, 1.0, 0.8, 0.5])
    assert harmonic(out, back) == pytest.approx([0.45, 1.0, 0.0, 0.5])
    assert balance(out, back) == pytest.approx([1 / 3, 1.0, 0.0, 1.0])
    assert one_way(out, back).tolist() == [True, False, True, False]


@given(NATS, NATS)
def test_nats_agree_with_the_harmonic_mean(out, back):
    p, q = np.array([-np.expm1(-out)]), np.array([-np.expm1(-back)])
    assert -np.expm1(-mutual_nats(np.array([out]), np.array([back]))) == pytest.approx(harmonic(p, q), abs=1e-9)


@given(NATS, NATS)
def test_symmetric_and_never_above_the_stronger_side(out, back):
    one, other = np.array([out]), np.array([back])
    assert mutual_nats(one, other)[0] == mutual_nats(other, one)[0]
    p, q = -np.expm1(-one), -np.expm1(-other)
    assert min(p[0], q[0]) - 1e-12 <= harmonic(p, q)[0] <= max(p[0], q[0]) + 1e-12


def test_one_way_begins_below_the_middle_and_a_quarter_apart():
    low, high = np.array([0.49, 0.5, 0.25, 0.25]), np.array([0.75, 0.9, 0.5, 0.49])
    assert one_way(low, high).tolist() == one_way(high, low).tolist() == [True, False, True, False]


def test_two_that_give_each_other_nothing_are_balanced():
    nothing = np.zeros(1)
    assert harmonic(nothing, nothing).tolist() == [0.0]
    assert balance(nothing, nothing).tolist() == [1.0]
    assert not one_way(nothing, nothing)[0]


@given(st.lists(st.tuples(NATS, NATS), min_size=1, max_size=6))
def test_many_pairs_equal_one_at_a_time(pairs):
    p, q = 1 - np.exp(-np.array(pairs).T)
    for k, (out, back) in enumerate(zip(p, q, strict=True)):
        assert harmonic(p, q)[k] == pytest.approx(2 * out * back / (out + back) if out + back else 0.0, abs=1e-12)
        assert balance(p, q)[k] == pytest.approx(min(out, back) / max(out, back) if out or back else 1.0)
        assert one_way(p, q)[k] == (min(out, back) < 0.5 and max(out, back) - min(out, back) >= 0.25)


def test_the_ranking_key_tells_the_best_pairs_apart():
    nats = np.linspace(0, 32, 100_000)
    assert np.all(np.diff(mutual_nats(nats, nats)) > 0)
    assert mutual_nats(nats, nats) == pytest.approx(nats, abs=1e-6)
    below = nats[nats < 20]  # beyond it float64 ends: the harmonic mean with a fixed other side has a limit
    assert np.all(np.diff(mutual_nats(below, np.full(len(below), 3.0))) > 0)
