import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.matching import compiled
from matchmaker.matching.diversity import FLOOR, diversified, with_popularity

NO_MIX = ()


def drift(target, counts, code, chosen):
    """KL(p || q~) of a list to which one more candidate of group `code` is added."""
    after = {one: counts.get(one, 0) + (one == code) for one in target}
    smooth = {one: 0.99 * after[one] / (chosen + 1) + 0.01 * share for one, share in target.items()}
    return sum(share * math.log(share / smooth[one]) for one, share in target.items())


def by_hand(relevance, similarity, groups, k, d, capped, limit):
    """The greedy list, one candidate at a time."""
    order = sorted(range(len(relevance)), key=lambda j: (-relevance[j], j))
    scaled = [value / relevance[order[0]] for value in relevance]
    wanted, pool, free = min(k, sum(not one for one in capped)), [], 0
    for place, j in enumerate(order):
        if scaled[j] >= FLOOR or place < k or free < wanted:
            pool.append(j)
            free += not capped[j]
    targets = []
    for group in groups:
        mass = {code: sum(scaled[j] + 1e-9 for j in pool if group[j] == code) for code in {group[j] for j in pool}}
        targets.append({code: part / sum(mass.values()) for code, part in mass.items()})
    chosen: list = []
    while len(chosen) < min(k, len(pool)):
        rest = [j for j in pool if j not in chosen]
        full = sum(capped[j] for j in chosen) >= (limit if chosen else 0)
        open_ = [j for j in rest if not capped[j]] if full and any(not capped[j] for j in rest) else rest

        def worth(j):
            if not chosen:
                return scaled[j]
            near = max(0.0, *(similarity[j][s] for s in chosen))
            drifts = [
                drift(target, {c: sum(group[s] == c for s in chosen) for c in target}, group[j], len(chosen))
                for group, target in zip(groups, targets, strict=True)
            ]
            return (1 - d) * scaled[j] - d / 2 * near - d / 2 * (sum(drifts) / len(drifts) if drifts else 0.0)

        chosen.append(max(open_, key=worth))
    return chosen


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 14), st.integers(1, 12), st.floats(0.05, 1), st.integers(0, 3))
def test_equals_the_greedy_rule_written_out(seed, m, k, diversity, limit):
    rng = np.random.default_rng(seed)
    relevance, capped = rng.random(m) * 4 + 0.1, rng.random(m) < 0.4
    vectors = rng.normal(size=(m, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    groups = [rng.integers(0, 3, m), rng.integers(0, 2, m)][: rng.integers(0, 3)]
    got = diversified(relevance, vectors @ vectors.T, groups, k, diversity, capped=capped, limit=limit)
    plain = [group.tolist() for group in groups]
    expected = by_hand(relevance.tolist(), (vectors @ vectors.T).tolist(), plain, k, diversity, capped.tolist(), limit)
    assert got == expected


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 40), st.integers(1, 12), st.floats(0.05, 1), st.integers(0, 3))
def test_the_compiled_twin_fills_a_list_alike(seed, m, k, diversity, limit):
    rng = np.random.default_rng(seed)
    relevance, capped = rng.random(m) * 4 + 0.1, rng.random(m) < 0.4
    vectors = rng.normal(size=(m, 3)).astype(np.float32)
    groups = [rng.integers(0, 9, m) * 7, rng.integers(-1, 2, m)][: rng.integers(0, 3)]
    told, twins = [], []
    asked = (relevance, vectors @ vectors.T, groups, k, diversity)
    expected = diversified(*asked, capped=capped, limit=limit, steps=told)
    assert diversified(*asked, capped=capped, limit=limit, steps=twins, fill=compiled.greedy) == expected
    assert twins == pytest.approx(told, abs=1e-12)


@given(st.lists(st.floats(0, 9), min_size=1, max_size=12), st.integers(1, 12))
def test_no_diversity_is_the_plain_order_with_ties_in_place(values, k):
    expected = sorted(range(len(values)), key=lambda j: (-values[j], j))[:k]
    assert diversified(np.array(values), np.eye(len(values)), NO_MIX, k, 0.0) == expected


def test_the_best_leads_whatever_its_mix():
    relevance = np.array([5.0, *np.linspace(4.9, 4.5, 9)])
    group = np.array([1] + [0] * 9)  # the best is the only one of its kind
    similarity = np.ones((10, 10))
    for diversity in (0.1, 0.5, 1.0):
        assert diversified(relevance, similarity, [group], 4, diversity)[0] == 0


def test_a_rival_never_leads_and_rivals_are_capped():
    relevance, capped = np.linspace(10, 9, 20), np.arange(20) < 10
    chosen = diversified(relevance, np.zeros((20, 20)), NO_MIX, 10, 0.3, capped=capped, limit=2)
    assert chosen[0] == 10
    assert sum(capped[chosen]) == 2
    assert diversified(relevance, np.zeros((20, 20)), NO_MIX, 1, 0.3, capped=capped, limit=1) == [10]


def test_rivals_fill_up_where_nothing_else_is_left():
    relevance, capped = np.linspace(10, 9, 6), np.array([True] * 4 + [False] * 2)
    chosen = diversified(relevance, np.zeros((6, 6)), NO_MIX, 6, 0.3, capped=capped, limit=1)
    assert sorted(chosen) == list(range(6))
    assert chosen[0] == 4
    only = diversified(relevance, np.zeros((6, 6)), NO_MIX, 3, 0.3, capped=np.ones(6, dtype=bool), limit=1)
    assert only[0] == 0
    assert len(only) == 3


def test_others_below_the_floor_come_before_more_rivals():
    relevance, capped = np.array([10.0, 9.9, 9.8, 9.7, 2.0, 1.0]), np.array([False, True, True, True, False, False])
    chosen = diversified(relevance, np.zeros((6, 6)), NO_MIX, 4, 0.3, capped=capped, limit=1)
    assert sum(capped[chosen]) == 1
    assert {4, 5} <= set(chosen)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
@pytest.mark.parametrize(("gap", "diversity"), [(0.02, 0.6), (1.0, 1.0)])
def test_the_calibrated_mix_keeps_the_shares_of_the_candidates(share, gap, diversity):
    group = (np.arange(100) >= 100 * share).astype(int)
    relevance = np.where(group == 0, 10.0 - gap, 10.0)  # all of group 1 before group 0
    kept = group[diversified(relevance, np.zeros((100, 100)), [group], 20, diversity)]
    target = (10 - gap) * share / ((10 - gap) * share + 10 * (1 - share))
    assert np.mean(kept == 0) == pytest.approx(target, abs=0.06)


def test_the_floor_is_half_of_the_best_while_there_are_enough_above_it():
    relevance = np.array([10.0, 9.0, 8.0, 5.0, 4.9, 4.8])
    similarity = np.ones((6, 6))
    similarity[3:, :] = similarity[:, 3:] = 0.0  # the last three are like nobody
    assert diversified(relevance, similarity, NO_MIX, 2, 1.0) == [0, 3]
    assert set(diversified(relevance, similarity, NO_MIX, 4, 1.0)) == {0, 1, 2, 3}
    assert set(diversified(relevance, similarity, NO_MIX, 5, 1.0)) == {0, 1, 2, 3, 4}


def test_nothing_relevant_is_still_a_list():
    assert diversified(np.zeros(3), np.eye(3), [np.zeros(3, dtype=int)], 2, 0.4) == [0, 1]
    assert diversified(np.zeros(0), np.zeros((0, 0)), NO_MIX, 2, 0.4) == []


@given(st.integers(0, 10**6))
def test_the_dial_moves_every_size_steadily(seed):
    rng = np.random.default_rng(seed)
    nats, size = rng.exponential(size=8), np.append(rng.random(7), np.nan)
    dialled = np.array([with_popularity(nats, size, weight) for weight in np.linspace(0, 1, 11)])
    moves = np.diff(dialled, axis=0)
    assert np.all(moves[:, size > 0.5] > 0)
    assert np.all(moves[:, size < 0.5] < 0)
    assert moves[:, -1] == pytest.approx(0, abs=1e-12)  # an unknown size stays where it is
    assert dialled[5] == pytest.approx(nats)
    assert np.abs(dialled - nats).max() <= 1.5 + 1e-12


def test_the_ends_of_the_dial_are_three_nats_apart():
    tilt = [with_popularity(np.zeros(2), np.array([0.0, 1.0]), weight) for weight in (0.0, 1.0)]
    assert tilt[0].tolist() == [1.5, -1.5]
    assert tilt[1].tolist() == [-1.5, 1.5]
