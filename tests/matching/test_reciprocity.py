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
