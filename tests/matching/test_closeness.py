import numpy as np
import pytest

from matchmaker.matching.closeness import Texts, closeness
from tests.matching.sides import axis, items, make_side, near
from tests.matching.worlds import fitted_world


def best(vectors, vector):
    return max((float(one @ vector) for one in vectors), default=0.0)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("asking", [0, 3, 5, 6])
def test_all_partners_at_once_equal_one_pair_at_a_time(seed, asking):
    space = fitted_world(seed).fitted.space
    rows = np.arange(len(space))[::-1]
    side = space.side(asking)
    pairs = list(closeness(side, Texts.of(space, rows)))
    assert len(pairs) == len(rows)
    for row, (toward, back) in zip(rows, pairs, strict=True):
        other = space.side(int(row), asking=False)
        for receiver, giver, found in ((side, other, toward), (other, side, back)):
            goals, offers = receiver.goals.vectors, giver.capabilities.vectors
            assert found.met.shape == (len(goals), len(offers))
            assert found.met == pytest.approx(goals @ offers.T, abs=1e-6)
            assert found.into == pytest.approx(goals @ giver.heading, abs=1e-6)
            assert found.suits == pytest.approx(offers @ receiver.heading, abs=1e-6)
            assert found.own == pytest.approx([best(receiver.capabilities.vectors, one) for one in offers], abs=1e-6)
            assert np.array_equal(found.marks, receiver.marks)
            assert found.heard == bool(receiver.heading.any())


def test_what_nobody_says_is_empty_or_zero():
    found = near(make_side(), make_side(capabilities=[axis(0), axis(1)]))
    assert found.met.shape == (0, 2)
    assert found.own.tolist() == found.suits.tolist() == [0.0, 0.0]
    assert not found.heard


def test_no_partner_no_pair():
    none = items([])
    texts = Texts(np.zeros((0, 6), np.float32), type(none)(none.vectors, np.zeros(1, np.int64)), none, np.zeros((0, 4)))
    assert list(closeness(make_side(goals=[axis(0)]), texts)) == []
