import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma

from matchmaker.audience.overlap import MINIMUM, AccountSets
from matchmaker.profiles.accounts import AccountTable

SETS = st.lists(st.sets(st.integers(0, 80), max_size=50), min_size=2, max_size=6)


def table(sets, repeated=1):
    rows = [(f"p{place}", f"a{account}") for place, held in enumerate(sets) for account in held] * repeated
    partners, accounts = (tuple(column) for column in zip(*rows, strict=True)) if rows else ((), ())
    none = (None,) * len(rows)
    populations = tuple(("customer", "prospect")[place * 2 < len(rows)] for place in range(len(rows)))
    return AccountTable(partners, accounts, populations, none, none, none, "key")


def fitted(sets, repeated=1):
    return AccountSets.fit(table(sets, repeated), {f"p{place}": place for place in range(len(sets))})


def by_hand(mine, theirs, universe):
    if min(len(mine), len(theirs)) < MINIMUM:
        return math.nan
    shape, expected = len(mine & theirs) + 1.0, len(mine) * len(theirs) / universe
    low = shape * max(1 - 1 / (9 * shape) - 1.645 / (3 * math.sqrt(shape)), 1e-3) ** 3
    return math.log(low / (expected + 1.0))


@settings(max_examples=60, deadline=None)
@given(SETS)
def test_shared_and_lift_equal_sets(sets):
    found, rows = fitted(sets), np.arange(len(sets))
    universe = len(set().union(*sets))
    for row, mine in enumerate(sets):
        assert found.count(row) == len(mine)
        assert found.shared(row, rows).tolist() == [len(mine & theirs) for theirs in sets]
        expected = [by_hand(mine, theirs, universe) for theirs in sets]
        np.testing.assert_allclose(found.lift(row, rows), expected, atol=1e-12, equal_nan=True)


@settings(max_examples=20, deadline=None)
@given(SETS)
def test_an_account_counts_once_in_whatever_population(sets):
    one, other = fitted(sets), fitted(sets, repeated=2)
    assert np.array_equal(one.codes, other.codes)
    assert np.array_equal(one.offsets, other.offsets)


def test_nineteen_accounts_are_no_evidence_and_twenty_are():
    found = fitted([set(range(20)), set(range(20)), set(range(19))])
    lift = found.lift(0, np.arange(3))
    assert not np.isnan(lift[1])
    assert np.isnan(lift[2])
    assert np.isnan(found.lift(2, np.arange(3))).all()
    assert found.shared(0, np.array([2])).tolist() == [19]


def test_as_many_as_chance_gives_is_no_lift_and_more_is():
    base, chance, more = set(range(50)), set(range(25, 75)), set(range(10, 60))
    found = fitted([base, chance, more, set(range(100))])
    lift = found.lift(0, np.arange(3))
    assert lift[1] < 0  # 25 in common of 25 expected: the lower bound lies below 1
    assert lift[2] > 0  # 40 in common
    assert found.lift(0, np.array([2])) == pytest.approx(found.lift(2, np.array([0])))


def test_the_bound_is_that_of_the_gamma_posterior():
    for shared in (2, 10, 50):
        mine, theirs = set(range(100)), set(range(100 - shared, 200 - shared))
        found = fitted([mine, theirs, set(range(400))])
        expected = math.log(gamma.ppf(0.05, shared + 1.0) / (100 * 100 / 400 + 1.0))
        assert found.lift(0, np.array([1]))[0] == pytest.approx(expected, abs=0.02)


def test_of_two_lifts_alike_the_one_with_more_accounts_counts_more():
    everybody = set(range(1000))
    few = fitted([set(range(100)), set(range(80, 180)), everybody])
    many = fitted([set(range(400)), set(range(80, 480)), everybody])
    lifts = [len(set(range(100)) & set(range(80, 180))) / 10, len(set(range(400)) & set(range(80, 480))) / 160]
    assert lifts == [2.0, 2.0]
    assert 0 < few.lift(0, np.array([1]))[0] < many.lift(0, np.array([1]))[0] < math.log(2)


def test_nobody_has_accounts():
    found = fitted([set(), set()])
    assert found.universe == 0
    assert np.isnan(found.lift(0, np.array([1]))).all()
    assert found.shared(0, np.array([1])).tolist() == [0]
