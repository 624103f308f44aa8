import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from matchmaker.audience.counting import tail
from matchmaker.audience.pairs import ORDERS, all_pairs, overlap_of_pair, overlaps_of
from matchmaker.errors import SettingsError, UnknownPartnerError
from matchmaker.profiles.accounts import POPULATIONS
from tests.audience.worlds import IDS, ROWS, Brute, incidence, pairs_of


def approx(value):
    return None if value is None or math.isnan(value) else pytest.approx(value)


def ratio(part, whole):
    return part / whole if whole else None


@settings(max_examples=80, deadline=None)
@given(ROWS)
def test_the_overlap_of_a_pair_equals_sets(rows):
    found, brute = incidence(rows), Brute(rows)
    for a, b in itertools.permutations(IDS, 2):
        told = overlap_of_pair(found, a, b)
        mine, theirs, shared = brute.of(a), brute.of(b), brute.shared(a, b)
        assert (told.your_accounts, told.their_accounts, told.shared) == (len(mine), len(theirs), len(shared))
        assert told.matrix == {
            own: {its: len(brute.of(a, own) & brute.of(b, its)) for its in POPULATIONS} for own in POPULATIONS
        }
        assert told.share_of_yours == ratio(len(shared), len(mine))
        assert told.share_of_theirs == ratio(len(shared), len(theirs))
        assert told.jaccard == ratio(len(shared), len(mine | theirs))
        assert told.greenfield == len(brute.of(b, "customer") - mine)
        assert told.their_greenfield == len(brute.of(a, "customer") - theirs)
        assert (
            told.give == len(brute.of(a, "customer") & brute.of(b, "prospect")) == told.matrix["customer"]["prospect"]
        )
        assert told.get == len(brute.of(a, "prospect") & brute.of(b, "customer"))
        assert told.reciprocity == ratio(min(told.give, told.get), max(told.give, told.get))
        assert told.potential_revenue == pytest.approx(brute.revenue(a, b))
        chance = hypergeom.sf(len(shared) - 1, brute.universe, len(mine), len(theirs))
        assert told.p_value == (pytest.approx(chance, rel=1e-9) if mine and theirs else None)


@settings(max_examples=40, deadline=None)
@given(ROWS, st.integers(1, 3), st.integers(1, 4))
def test_all_pairs_are_the_pairs_one_by_one(rows, threads, minimum):
    found = incidence(rows)
    table = [row for part in all_pairs(found, threads=threads, minimum_shared=minimum) for row in part.to_pylist()]
    expected = [
        (a, b) for a, b in itertools.combinations(sorted(IDS), 2) if overlap_of_pair(found, a, b).shared >= minimum
    ]
    assert [(row["a"], row["b"]) for row in table] == expected
    for row in table:
        one, other = overlap_of_pair(found, row["a"], row["b"]), overlap_of_pair(found, row["b"], row["a"])
        assert (row["accounts_a"], row["accounts_b"], row["shared"]) == (
            one.your_accounts,
            one.their_accounts,
            one.shared,
        )
        for own, its in itertools.product(POPULATIONS, repeat=2):
            assert row[f"a_{own}_b_{its}"] == one.matrix[own][its]
        assert (row["greenfield_a"], row["greenfield_b"]) == (one.greenfield, other.greenfield)
        assert (row["revenue_a"], row["revenue_b"]) == (one.potential_revenue, other.potential_revenue)
        told = {
            "share_a": one.share_of_yours,
            "share_b": one.share_of_theirs,
            "jaccard": one.jaccard,
            "p_value": one.p_value,
        }
        assert {name: row[name] for name in told} == {name: pytest.approx(value) for name, value in told.items()}
        assert row["reciprocity"] == (None if one.reciprocity is None else pytest.approx(one.reciprocity))


@settings(max_examples=40, deadline=None)
@given(ROWS, st.sampled_from(sorted(ORDERS)), st.none() | st.integers(0, 3))
def test_the_others_are_ranked_and_each_is_the_pair_by_itself(rows, by, limit):
    found = incidence(rows)
    ranked = overlaps_of(found, "alpha", by=by, limit=limit, minimum_shared=0)
    assert ranked == [overlap_of_pair(found, "alpha", told.other) for told in ranked]
    assert len(ranked) == (3 if limit is None else limit)
    field = {"lift": "lift_low", "revenue": "potential_revenue"}.get(by, by)
    values = [-math.inf if getattr(told, field) is None else getattr(told, field) for told in ranked]
    assert values == sorted(values, reverse=True)
    assert {told.other for told in overlaps_of(found, "alpha")} == {
        other for other in IDS[1:] if Brute(rows).shared("alpha", other)
    }


def test_blocks_and_threads_change_nothing():
    rng = np.random.default_rng(0)
    ids = tuple(f"p{number:03d}" for number in range(300))
    rows = [
        (ids[owner], int(account), POPULATIONS[population], int(account) % 7)
        for owner, account, population in zip(
            rng.integers(0, 300, 6000), rng.integers(0, 200, 6000), rng.integers(0, 3, 6000), strict=True
        )
    ]
    found = incidence(rows, ids)
    one, two = (list(all_pairs(found, threads=threads)) for threads in (1, 2))
    assert one == two
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matchmaker.audience.pairs._CELLS", 16 * 300 * 7)
        small = list(all_pairs(found, threads=2))
    assert len(small) == 43 > len(one) == 1
    assert [row for part in small for row in part.to_pylist()] == one[0].to_pylist()


def test_a_known_pair():
    # 30 accounts of alpha, 40 of beta, 20 in common of 100: chance gives 12.
    rows = pairs_of([range(30), range(10, 50), range(100)])
    rows += [("alpha", 60, "prospect", None), ("alpha", 10, "opportunity", 500)]
    told = overlap_of_pair(incidence(rows), "alpha", "beta")
    assert (told.your_accounts, told.their_accounts, told.shared) == (31, 40, 20)
    assert told.lift == pytest.approx(20 * 100 / (31 * 40))
    assert 1 < told.lift_low < told.lift
    assert told.p_value == pytest.approx(hypergeom.sf(19, 100, 31, 40))
    assert (told.greenfield, told.their_greenfield) == (20, 10)
    assert (told.potential_revenue, told.quadrant, told.reasons) == (500, "neither", ())
    wider = overlap_of_pair(incidence(rows), "alpha", "beta", universe=1000)
    assert wider.lift == pytest.approx(10 * told.lift)


def test_few_and_no_accounts_are_null_with_a_reason():
    few = overlap_of_pair(incidence(pairs_of([range(19), range(40)])), "alpha", "beta")
    assert (few.shared, few.lift, few.lift_low) == (19, None, None)
    assert few.reasons == ("no lift: a side has fewer than 20 accounts",)
    none = overlap_of_pair(incidence(pairs_of([range(19), range(40)])), "delta", "beta")
    assert (none.shared, none.share_of_yours, none.share_of_theirs, none.p_value) == (0, None, 0.0, None)
    assert none.reasons == ("you have no account",)
    assert (none.greenfield, none.quadrant) == (40, "neither")


def test_questions_that_make_no_sense_are_refused():
    found = incidence(pairs_of([range(3)]))
    with pytest.raises(SettingsError, match="two different"):
        overlap_of_pair(found, "alpha", "alpha")
    with pytest.raises(SettingsError, match="ranked by one of"):
        overlaps_of(found, "alpha", by="fame")
    with pytest.raises(UnknownPartnerError, match="nobody"):
        overlap_of_pair(found, "alpha", "nobody")
    for ask in (
        lambda: overlap_of_pair(found, "alpha", "beta", universe=2),
        lambda: list(all_pairs(found, universe=2)),
    ):
        with pytest.raises(SettingsError, match="The universe is 2, but 3"):
            ask()
    assert list(all_pairs(incidence([], ()))) == []


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_significance_is_the_hypergeometric_tail(data):
    universe = data.draw(st.integers(1, 3000))
    one, other = (data.draw(st.integers(0, universe)) for _ in range(2))
    shared = data.draw(st.integers(max(0, one + other - universe), min(one, other)))
    out = np.empty(1)
    tail(*(np.array([number]) for number in (shared, one, other)), universe, out)
    assert out[0] == pytest.approx(hypergeom.sf(shared - 1, universe, one, other), rel=1e-8, abs=1e-300)


def test_significance_holds_for_millions():
    out = np.empty(3)
    tail(np.array([900, 40, 100]), np.array([20_000] * 3), np.array([20_000] * 3), 10_000_000, out)
    expected = [hypergeom.sf(shared - 1, 10_000_000, 20_000, 20_000) for shared in (900, 40, 100)]
    assert out == pytest.approx(expected, rel=1e-6, abs=1e-300)
