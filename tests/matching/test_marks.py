import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.matching.gain import FEWEST, OWN, RARE, RARE_AUDIENCE, USUAL, directed_gain, floor, goal_marks, own_best
from matchmaker.matching.ragged import Items, unit

COUNTS = st.lists(st.integers(0, 3), min_size=1, max_size=4)


def draw(rng, counts, width=5):
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return Items(unit(rng.normal(size=(sum(counts), width))), offsets)


def low_of(values, share):
    return sorted(values)[int(share * (len(values) - 1))]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), COUNTS, st.integers(FEWEST, 45))
def test_marks_equal_the_formula_written_out(seed, counts, references):
    rng = np.random.default_rng(seed)
    goals, own = draw(rng, counts), draw(rng, [int(rng.integers(0, 3)) for _ in counts])
    others, audiences = draw(rng, rng.integers(0, 4, size=references)), unit(rng.normal(size=(references, 5)))
    marks = goal_marks(goals, own, others, audiences)
    owners = np.repeat(np.arange(len(counts)), counts)
    for goal, owner, mark in zip(goals.vectors, owners, marks, strict=True):
        reach = [max((float(goal @ c) for c in others.of(row)), default=0.0) for row in range(references)]
        near = [float(goal @ audience) for audience in audiences]
        assert mark[OWN] == pytest.approx(max([0.0, *(float(goal @ c) for c in own.of(owner))]), abs=2e-6)
        assert mark[USUAL] == pytest.approx(low_of(reach, 0.85), abs=2e-6)
        assert mark[RARE] == pytest.approx(low_of(reach, 0.95), abs=2e-6)
        assert mark[RARE_AUDIENCE] == pytest.approx(low_of(near, 0.95), abs=2e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), COUNTS, COUNTS)
def test_gain_above_all_three_floors_equals_loops(seed, goal_counts, capability_counts):
    rng = np.random.default_rng(seed)
    goals, theirs = draw(rng, goal_counts), draw(rng, capability_counts)
    marks = np.abs(rng.normal(scale=0.3, size=(len(goals.vectors), 4))).astype(np.float32)
    bars = [max(0.3, mark[OWN], mark[USUAL]) for mark in marks]
    got = directed_gain(goals, floor(marks), theirs)
    for i in range(len(goals)):
        mine = range(goals.offsets[i], goals.offsets[i + 1])
        for j in range(len(theirs)):
            if not len(mine) or not len(theirs.of(j)):
                assert np.isnan(got[i, j])
                continue
            gains = [max(0.0, max(float(goals.vectors[g] @ c) for c in theirs.of(j)) - bars[g]) for g in mine]
            assert got[i, j] == pytest.approx(sum(gains) / len(gains), abs=2e-6)


def test_each_floor_is_the_highest_in_turn():
    marks = np.array([[0.1, 0.2, 0.9, 0.9], [0.8, 0.2, 0.9, 0.9], [0.1, 0.6, 0.9, 0.9]], dtype=np.float32)
    assert floor(marks) == pytest.approx([0.3, 0.8, 0.6])


def test_an_opposite_capability_of_ones_own_does_no_harm():
    goals = Items(np.array([[1.0, 0.0]], dtype=np.float32), np.array([0, 1]))
    against = Items(np.array([[-1.0, 0.0]], dtype=np.float32), np.array([0, 1]))
    assert own_best(goals, against).tolist() == [0.0]
    nothing = Items(np.zeros((0, 2), dtype=np.float32), np.array([0, 0]))
    assert own_best(goals, nothing).tolist() == [0.0]


def test_references_without_capabilities_reach_zero():
    goals = Items(np.array([[1.0, 0.0]], dtype=np.float32), np.array([0, 1]))
    nothing = Items(np.zeros((0, 2), dtype=np.float32), np.array([0, 0]))
    against = Items(np.array([[-1.0, 0.0]], dtype=np.float32), np.concatenate((np.zeros(FEWEST), [1])).astype(int))
    marks = goal_marks(goals, nothing, against, np.zeros((FEWEST, 2), dtype=np.float32))
    assert marks.tolist() == [[0.0, 0.0, 0.0, 0.0]]
