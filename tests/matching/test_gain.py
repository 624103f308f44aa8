import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.matching.gain import FEWEST, OWN, RARE, USUAL, directed_gain, floor, goal_marks
from matchmaker.matching.ragged import Items, unit

E3 = np.eye(3, dtype=np.float32)


def bar(goals, mine):
    return floor(goal_marks(goals, mine, mine.take(np.zeros(0, dtype=np.int64)), np.zeros((0, 3), np.float32)))


def items(*rows):
    vectors = np.concatenate([np.reshape(row, (-1, 3)) for row in rows]).astype(np.float32)
    return Items(vectors, np.concatenate(([0], np.cumsum([len(np.reshape(row, (-1, 3))) for row in rows]))))


def test_a_goal_met_only_by_the_other_gains_all_above_unrelated():
    goals, mine, theirs = items([E3[0]]), items([E3[1]]), items([E3[0]])
    assert directed_gain(goals, bar(goals, mine), theirs)[0, 0] == pytest.approx(0.7)


def test_a_goal_already_met_oneself_is_no_gain():
    goals, mine, theirs = items([E3[0]]), items([E3[0]]), items([E3[0]])
    assert directed_gain(goals, bar(goals, mine), theirs)[0, 0] == 0.0


def test_mean_over_goals():
    goals, mine, theirs = items([E3[0], E3[1]]), items([E3[2]]), items([E3[0]])
    assert directed_gain(goals, bar(goals, mine), theirs)[0, 0] == pytest.approx(0.35)


def test_unknown_is_nan_not_zero():
    nothing, one = items(np.zeros((0, 3))), items([E3[0]])
    assert np.isnan(directed_gain(nothing, bar(nothing, one), one)).all()
    assert np.isnan(directed_gain(one, bar(one, one), nothing)).all()


def test_what_most_partners_bring_is_no_news():
    rng = np.random.default_rng(0)
    crowd = Items(unit(rng.normal(size=(100, 3))), np.arange(101))
    marks = goal_marks(items([E3[0]]), items([E3[1]]), crowd, crowd.vectors)
    cosines = np.sort(crowd.vectors @ E3[0])
    assert marks[0, OWN] == 0.0
    assert marks[0, USUAL] == pytest.approx(cosines[84], abs=1e-5)
    assert marks[0, RARE] == pytest.approx(cosines[94], abs=1e-5)
    assert floor(marks)[0] == pytest.approx(max(cosines[84], 0.3), abs=1e-5)
    few = crowd.take(np.arange(FEWEST - 1))
    assert not goal_marks(items([E3[0]]), items([E3[1]]), few, few.vectors).any()


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.lists(st.integers(0, 4), min_size=1, max_size=5),
    st.lists(st.integers(0, 4), min_size=1, max_size=5),
)
def test_equals_the_formula_written_out(seed, goal_counts, capability_counts):
    rng = np.random.default_rng(seed)

    def make(counts):
        return Items(unit(rng.normal(size=(sum(counts), 6))), np.concatenate(([0], np.cumsum(counts))).astype(np.int64))

    goals, mine, theirs = make(goal_counts), make([2] * len(goal_counts)), make(capability_counts)
    got = directed_gain(goals, bar(goals, mine), theirs)
    for i, goal_count in enumerate(goal_counts):
        for j, capability_count in enumerate(capability_counts):
            if not goal_count or not capability_count:
                assert np.isnan(got[i, j])
                continue
            expected = np.mean(
                [
                    max(0.0, max(g @ c for c in theirs.of(j)) - max(0.3, max(g @ c for c in mine.of(i))))
                    for g in goals.of(i)
                ]
            )
            assert got[i, j] == pytest.approx(expected, abs=1e-5)
