from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.gaps.demand import AUDIENCE, DEMAND, Counted
from matchmaker.gaps.market import (
    FAME,
    LEAST,
    NO,
    OF_FEATURE,
    PRIOR_NATS,
    RESTS_ON,
    SHARE,
    UNKNOWN,
    YES,
    Standing,
    market,
    peers_beyond_chance,
    standing_of,
    standing_of_prior,
)
from matchmaker.matching.learned import from_accounts, from_links

K = 20


def standing(kinds, linked=True, k=K):
    """The first candidate has `kinds`, the others are average pairs."""
    spread = {kind: np.append(nats, np.zeros(k - 1)) for kind, nats in kinds.items()}
    return Standing(np.arange(k), np.zeros(k), np.full(k, np.nan), spread, np.full(k, 1), linked)


def requests(first, k=K, kind=DEMAND):
    return Counted("s", "u", kind, np.append(float(first), np.zeros(k - 1)), np.zeros(k))


def verdict(kinds, sources=(), met=None):
    return int(market(standing(kinds), sources, met).verdict[0])


def test_every_feature_that_is_learned_is_fame_or_one_kind_of_evidence():
    for names in (from_links.FEATURES, from_accounts.FEATURES):
        assert all((name in FAME) != (name in OF_FEATURE) for name in names)
    assert set(OF_FEATURE.values()) < set(RESTS_ON)


@pytest.mark.parametrize(
    ("kinds", "asked", "expected"),
    [
        ({"profiles": 0.3, "peers": 0.1}, 0, YES),
        ({"profiles": 3.0}, 0, UNKNOWN),  # one source, however strong
        ({"profiles": 0.2, "peers": 0.1}, 0, UNKNOWN),  # two, but weak
        ({"profiles": 0.1}, 2, YES),
        ({"profiles": 0.1}, 1, UNKNOWN),
        ({"profiles": -0.2, "peers": -0.1}, 0, NO),
        ({"profiles": -0.2, "peers": -0.1}, 2, UNKNOWN),  # asked for, whatever history says
        ({"profiles": -0.3, "peers": -0.01}, 0, UNKNOWN),
        ({"profiles": np.nan, "peers": -1.0}, 0, UNKNOWN),
    ],
)
def test_two_sources_of_their_own_make_a_market_and_one_does_not(kinds, asked, expected):
    assert verdict(kinds, [requests(asked)]) == expected


def test_two_kinds_that_rest_on_the_same_data_count_once():
    met = np.append(1.0, np.full(K - 1, np.nan))
    assert verdict({"profiles": 0.5}, met=met) == UNKNOWN
    assert verdict({"peers": 0.5}, met=met) == YES
    assert verdict({"audience": 0.5}, [requests(40, kind=AUDIENCE)]) == UNKNOWN


def test_only_the_best_of_the_equally_known_have_a_clear_market():
    for linked in (True, False):
        k = 100
        kinds = {"profiles": np.linspace(3, 1, k), "peers": np.linspace(3, 1, k)}
        one = Standing(np.arange(k), np.zeros(k), np.zeros(k), kinds, np.repeat([0, 1], k // 2), linked)
        found = market(one, ()).verdict == YES
        for half in (found[:50], found[50:]):
            assert half.sum() == round(SHARE[linked] * 50)
            assert half[: half.sum()].all()


@given(st.integers(0, 2**32 - 1))
def test_fame_decides_nothing_and_both_sides_say_the_same(seed):
    rng = np.random.default_rng(seed)
    names = from_links.FEATURES
    parts = rng.normal(0, 0.3, (2, K, len(names)))
    famous = parts.copy()
    famous[:, :, [name in FAME for name in names]] += rng.normal(0, 5, (2, K, 1))

    def judged(table):
        odds = table.sum(axis=2)
        one = standing_of(
            np.arange(K),
            (odds[0], odds[1]),
            table,
            names,
            np.zeros(K),
            np.ones(K, int),
            (True, np.ones(K, bool)),
        )
        return one, market(one, ())

    plain, said = judged(parts)
    np.testing.assert_array_equal(said.verdict, judged(famous)[1].verdict)
    turned, back = judged(parts[::-1])
    np.testing.assert_allclose(said.total, back.total)
    np.testing.assert_allclose(plain.odds, turned.odds)


def test_a_newcomer_is_not_held_to_be_unpopular_by_one_that_has_links():
    parts = np.zeros((2, 2, len(from_links.FEATURES)))
    parts[:, :, from_links.FEATURES.index("unlinked")] = -4.0
    parts[:, :, from_links.FEATURES.index("topic")] = 1.0
    odds = parts.sum(axis=2)

    def ranked(asks):
        linked = (asks, np.array([True, False]))
        rest = np.zeros(2), np.ones(2, int), linked
        return standing_of(np.arange(2), (odds[0], odds[1]), parts, from_links.FEATURES, *rest).odds.tolist()

    assert ranked(True) == [-3.0, 1.0]
    assert ranked(False) == [-3.0, -3.0]


def test_where_nothing_was_learned_evidence_is_held_against_its_mean_and_peers_against_chance():
    peers = peers_beyond_chance(np.array([5.0, 0.0]), np.array([1.0, 1.0]))
    one = standing_of_prior(np.arange(2), np.array([3.0, 1.0]), np.ones(2, int), peers, linked=True)
    np.testing.assert_allclose(one.odds, [PRIOR_NATS, -PRIOR_NATS])
    np.testing.assert_allclose(one.kinds["peers"], [np.log(3), 0.0])
    assert np.isnan(one.chance).all()
    assert market(one, ()).total[0] >= LEAST
