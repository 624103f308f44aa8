import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.matching.peers import PEERS, TYPICAL, peer_goals
from matchmaker.matching.ragged import Items, LabelSets, unit


def borrow(counts, categories, vectors, distinct=None):
    goals = Items(vectors, np.concatenate(([0], np.cumsum(counts))).astype(np.int64))
    distinct = np.arange(len(counts)) if distinct is None else np.array(distinct)
    found, source, inferred = peer_goals(goals, LabelSets.fit(categories), distinct)
    assert np.array_equal(found.vectors, vectors[source])
    return [source[low:high].tolist() for low, high in zip(found.offsets, found.offsets[1:], strict=False)], inferred


def circle(*degrees):
    return np.array([[np.cos(np.radians(d)), np.sin(np.radians(d))] for d in degrees], dtype=np.float32)


def test_the_goals_nearest_to_the_mean_of_the_category_are_borrowed():
    numbers, inferred = borrow([2, 2, 2, 0], [["tax"]] * 4, circle(0, 90, 10, 20, 14, 17))
    assert sorted(numbers[3]) == [2, 3, 4, 5]  # not the goals at 0 and at 90 degrees
    assert numbers[:3] == [[0, 1], [2, 3], [4, 5]]
    assert inferred.tolist() == [False, False, False, True]


def test_two_peers_are_no_type():
    numbers, inferred = borrow([1, 1, 0], [["tax"]] * 3, circle(0, 10))
    assert numbers[2] == []
    assert not inferred.any()


def test_a_duplicate_is_no_third_peer():
    numbers, inferred = borrow([1, 1, 1, 0], [["tax"]] * 4, circle(0, 10, 10), distinct=[0, 1, 3])
    assert numbers[3] == []
    assert not inferred.any()


def test_the_rarest_category_with_enough_peers_gives_the_goals():
    categories = [["tax"]] * 3 + [["tax", "returns"]] * 3 + [["tax", "returns", "unheard of"]]
    numbers, _ = borrow([1] * 6 + [0], categories, circle(0, 1, 2, 90, 91, 92))
    assert sorted(numbers[6]) == [3, 4, 5]


def test_without_a_category_nothing_is_borrowed():
    numbers, inferred = borrow([1, 1, 1, 0], [["tax"]] * 3 + [[]], circle(0, 1, 2))
    assert numbers[3] == []
    assert not inferred[3]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6))
def test_equals_loops(seed):
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 3, size=12).tolist()
    categories = [rng.choice(["tax", "returns", "email"], size=rng.integers(0, 3)).tolist() for _ in counts]
    vectors = unit(rng.normal(size=(sum(counts), 4)))
    numbers, inferred = borrow(counts, categories, vectors)
    starts = np.concatenate(([0], np.cumsum(counts)))
    for row, count in enumerate(counts):
        own = list(range(starts[row], starts[row + 1]))
        typical = {}
        for label in set(categories[row]):
            peers = [peer for peer in range(12) if counts[peer] and label in categories[peer]]
            if len(peers) >= PEERS:
                theirs = [goal for peer in peers for goal in range(starts[peer], starts[peer + 1])]
                centre = sum(vectors[goal] for goal in theirs)
                nearest = sorted(theirs, key=lambda goal, centre=centre: -float(vectors[goal] @ centre))
                carriers = sum(label in one for one in categories)
                typical[carriers, label] = sorted(nearest[:TYPICAL])
        expected = typical[min(typical)] if typical and not own else own
        assert sorted(numbers[row]) == expected
        assert inferred[row] == (count == 0 and bool(typical))
