from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gamma, poisson

from matchmaker import Partner
from matchmaker.audience.overlap import AccountSets
from matchmaker.gaps.demand import (
    AUDIENCE,
    DEMAND,
    Counted,
    DemandTable,
    bound,
    disclosed,
    offering_of,
    shared_accounts,
)
from matchmaker.profiles.schema import Demand

ROWS = {"a": 0, "b": 1, "c": 2, "d": 3}
EVERYBODY = np.arange(1, 4)


def counted(kind, count, by_chance):
    return Counted("s", "u", kind, np.array(count, float), np.array(by_chance, float))


@given(st.integers(0, 500))
def test_bound_is_the_rate_under_which_more_would_be_seen_once_in_twenty(count):
    low = float(bound(np.array([count]))[0])
    assert low == pytest.approx(gamma.ppf(0.05, count + 1))
    assert poisson.sf(count, low) == pytest.approx(0.05)


def test_pairs_count_from_either_end_and_units_stay_apart():
    table = DemandTable.fit(
        [
            Demand(a="a", b="b", count=3, source="requests", date=dt.date(2024, 5, 1)),
            Demand(a="b", b="a", count=2, source="Requests", date=dt.date(2024, 2, 1)),
            Demand(a="a", b="c", count=4),
            Demand(a="a", b="b", count=7, source="co-use"),
            Demand(a="b", b="d", count=1, source="lost deals"),
        ],
        ROWS,
    )
    found = {one.source: one for one in table.of(0, EVERYBODY)}
    assert {name: one.unit for name, one in found.items()} == {
        "requests": "requests",
        "co-use": "workflows",
        "lost deals": "deals",
    }
    np.testing.assert_array_equal(found["requests"].count, [5, 4, np.nan])
    np.testing.assert_array_equal(found["co-use"].count, [7, np.nan, np.nan])
    assert np.isnan(found["lost deals"].count).all()
    assert found["requests"].last == {0: dt.date(2024, 5, 1)}
    # of 18 ends counted, a has 9 and b 5, c 4
    np.testing.assert_allclose(found["requests"].by_chance[:2], [9 * 5 / 18, 9 * 4 / 18])


def test_who_is_counted_elsewhere_has_a_zero_and_who_is_not_a_gap():
    table = DemandTable.fit([Demand(a="a", b="b", count=3), Demand(a="c", b="b", count=1)], ROWS)
    (one,) = table.of(0, EVERYBODY)
    np.testing.assert_array_equal(one.count, [3, 0, np.nan])
    np.testing.assert_array_equal(np.isnan(one.lower), [False, True, True])


def test_a_capability_is_shared_out_among_those_that_offer_it_and_the_rest_is_told():
    partners = [
        Partner(id="a", name="A", capabilities=("Tax reports",)),
        Partner(id="b", name="B", capabilities=("sales tax", "reports")),
        Partner(id="c", name="C", capabilities=("Automated TAX-reports for shops",)),
        Partner(id="d", name="D", categories=("Tax, reports",)),
    ]
    asked = [
        Demand(a="a", capability="tax reports", count=10),
        Demand(a="a", capability="drone delivery", count=6, source="lost deals"),
        Demand(a="a", count=1),
        Demand(a="zz", b="a", count=1),
        Demand(a="a", b="a", count=1),
    ]
    table = DemandTable.fit(asked, ROWS, offering_of(partners))
    (one,) = table.of(0, EVERYBODY)
    assert (one.source, one.unit) == ("requests: capability", "requests")
    np.testing.assert_array_equal(one.count, [np.nan, 5, 5])
    assert table.unmet == {"drone delivery": {"deals": 6}}
    assert table.left_out == {
        "a capability that nobody else offers": 1,
        "names neither a partner nor a capability": 1,
        "unknown partner": 1,
        "a partner with itself": 1,
    }


def test_requests_speak_from_two_on_and_their_absence_where_chance_expects_three():
    said = counted(DEMAND, [0, 1, 2, 0, np.nan], [0, 9, 9, 3, 9]).speaks
    np.testing.assert_array_equal(said, [0, 0, 1, -1, np.nan])


def test_accounts_speak_only_beyond_chance():
    said = counted(AUDIENCE, [100, 100, 100, np.nan], [10, 100, 500, 1]).speaks
    np.testing.assert_array_equal(said, [1, 0, -1, np.nan])


@given(st.lists(st.one_of(st.integers(0, 50), st.none()), min_size=1, max_size=8))
def test_the_shift_is_the_bound_against_what_is_typical_and_neutral_where_unknown(counts):
    one = counted(DEMAND, [np.nan if c is None else c for c in counts], [0] * len(counts))
    shift, known = one.shift, np.array([c is not None for c in counts])
    assert (shift[~known] == 0).all()
    nothing = np.log(gamma.ppf(0.05, 1))
    nats = np.log([gamma.ppf(0.05, c + 1) for c in counts if c is not None])
    np.testing.assert_allclose(np.subtract.outer(shift[known], shift[known]), np.subtract.outer(nats, nats), atol=1e-9)
    if known.any():  # what nothing counted would have, and those that are known, add up to nothing
        absent = nothing - (nats[0] - shift[known][0])
        np.testing.assert_allclose(shift[known].sum() + absent, 0.0, atol=1e-9)


def test_the_only_one_that_was_counted_ranks_up():
    assert counted(DEMAND, [np.nan, 5.0, np.nan], [0, 0, 0]).shift[1] > 1.0


def test_shared_accounts_need_twenty_on_both_sides():
    sets = [set(range(30)), set(range(10, 60)), set(range(5)), set(range(100, 130))]
    codes = np.concatenate([sorted(one) for one in sets]).astype(np.int32)
    accounts = AccountSets(codes, np.cumsum([0, *map(len, sets)]), 130)
    one = shared_accounts(accounts, 0, EVERYBODY)
    np.testing.assert_array_equal(one.count, [20, np.nan, 0])
    np.testing.assert_allclose(one.by_chance, [30 * 50 / 130, 30 * 5 / 130, 30 * 30 / 130])
    assert one.unknown.startswith("fewer than 20 accounts")


@given(st.floats(0, 1e9))
def test_accounts_are_told_from_twenty_on_and_coarsely(accounts):
    told = disclosed(accounts)
    if accounts < 20:
        assert told is None
    else:
        assert told <= accounts < told * 1.1 + 1e-6
        assert len(f"{told:.0f}".rstrip("0")) <= 2
