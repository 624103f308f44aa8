from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.stats import gamma

from matchmaker.audience.overlap import AccountSets
from matchmaker.gaps.demand import DEMAND, Counted, shared_accounts
from matchmaker.gaps.market import Standing
from matchmaker.gaps.missing import Ecosystem, holding, look_alikes, missing_links, worth
from matchmaker.matching.ragged import LabelSets

IDS = ("asker", "rival", "chat", "mail", "new", "shop")
LINKS = {(0, 5): 4, (1, 2): 2, (1, 5): 1, (2, 3): 1, (2, 4): 1, (2, 5): 1}
ROWS = np.array([2, 3, 4])


def seen():
    matrix = np.zeros((len(IDS),) * 2)
    for (a, b), times in LINKS.items():
        matrix[a, b] = matrix[b, a] = times
    return csr_array(matrix)


ALIKE = {0: [1], 2: [5], 3: [], 4: []}
ECOSYSTEM = Ecosystem(IDS, seen(), lambda row: np.array(ALIKE.get(row, []), dtype=np.int64))


def standing(odds=(0.0, 0.0, 0.0), chance=(0.5, np.nan, 0.1), k=3):
    kinds = {"profiles": np.array([0.4, 0.0, -0.3]), "peers": np.array([0.2, 0.0, -0.2])}
    stratum = np.full(k, 2)
    return Standing(ROWS, np.array(odds), np.array(chance), kinds, stratum, linked=False)


def requests(*count):
    return Counted("requests", "requests", DEMAND, np.array(count, dtype=float), np.zeros(len(count)))


chances = st.lists(st.floats(1e-4, 1), min_size=3, max_size=3)


@given(
    chances,
    st.lists(st.integers(0, 400), min_size=3, max_size=3),
    st.lists(st.floats(0.5, 40), min_size=3, max_size=3),
)
def test_with_everything_known_the_order_is_that_of_chance_times_bound_over_effort(chance, count, effort):
    found = worth(standing(np.log(chance)), [requests(*count)], np.array(effort))
    product = np.log(chance) + np.log(gamma.ppf(0.05, np.array(count) + 1)) - np.log(effort)
    np.testing.assert_allclose(np.subtract.outer(found, found), np.subtract.outer(product, product), atol=1e-8)


@given(chances)
def test_what_is_unknown_of_all_changes_nothing(odds):
    nothing = [requests(np.nan, np.nan, np.nan)]
    np.testing.assert_array_equal(worth(standing(odds), nothing, np.full(3, np.nan)), odds)
    np.testing.assert_array_equal(worth(standing(odds)), odds)


def test_an_unknown_effort_stands_in_the_middle():
    found = worth(standing(), (), np.array([1.0, np.nan, 9.0]))
    assert found[0] > found[1] > found[2]
    assert found[1] == 0.0


def test_an_answer_says_what_is_missing_for_whom_and_on_what_evidence():
    first, second, third = missing_links(
        ECOSYSTEM, 0, standing(), [requests(5, 0, np.nan)], effort=np.array([3.0, np.nan, np.nan])
    )
    assert [one.partner for one in (first, second, third)] == ["chat", "new", "mail"]
    assert (first.clear_market, second.clear_market, third.clear_market) == ("yes", "no", "unknown")
    assert first.effort == 3.0
    (asked,) = first.demand
    assert (asked.count, asked.unit, asked.reason) == (5.0, "requests", None)
    assert asked.lower_bound == pytest.approx(gamma.ppf(0.05, 6), abs=1e-6)
    assert asked.served == pytest.approx(0.5 * gamma.ppf(0.05, 6), abs=1e-6)
    assert {(one.kind, one.says) for one in first.evidence} == {
        ("profiles", "for"),
        ("peers", "for"),
        ("demand", "for"),
    }
    assert first.rivals == ("rival",)
    assert first.rival_count == 1
    assert (first.unlocks.partners, first.unlocks.partner_count) == (("new", "mail", "rival"), 3)  # likeliest first
    assert (first.analogy.seen, first.analogy.partners) == (4.0, ("shop",))
    assert second.analogy is None
    assert [one.demand[0].reason is None for one in (second, third)] == [False, False]
    assert second.demand[0].served is second.demand[0].lower_bound is None
    json.dumps([one.to_dict() for one in (first, second, third)], allow_nan=False)


def test_reasons_name_what_is_wanting():
    reasons = {one.partner: one.reason for one in missing_links(ECOSYSTEM, 0, standing())}
    assert reasons["chat"].startswith("profiles and links of look-alikes speak for it, which weighs +0.6")
    assert reasons["mail"] == "nothing known speaks for it; at least 2 sources of their own are needed"
    assert reasons["new"] == "nothing speaks for it, and profiles and links of look-alikes against it"


def test_marked_rivals_count_beside_look_alikes():
    (chat, *_) = missing_links(ECOSYSTEM, 0, standing(), rivals=np.array([3, 0]))
    assert (chat.rivals, chat.rival_count) == (("rival", "mail"), 2)


def test_no_more_than_asked_for_and_nothing_of_nothing():
    assert len(missing_links(ECOSYSTEM, 0, standing(), k=1)) == 1
    empty = Standing(ROWS[:0], np.zeros(0), np.zeros(0), {"profiles": np.zeros(0)}, ROWS[:0], linked=True)
    assert missing_links(ECOSYSTEM, 0, empty, [requests()]) == ()


def test_accounts_that_a_link_would_serve_are_told_coarsely_or_not_at_all():
    sets = [range(100), [], range(25, 160), range(90, 130), range(60), []]
    codes = np.concatenate([np.array(one, dtype=np.int32) for one in sets])
    accounts = AccountSets(codes, np.cumsum([0, *map(len, sets)]), 200)
    ecosystem = Ecosystem(IDS, seen(), accounts=accounts)
    found = {one.partner: one for one in missing_links(ecosystem, 0, standing(), [shared_accounts(accounts, 0, ROWS)])}
    assert (found["chat"].unlocks.shared_accounts, found["chat"].unlocks.new_accounts) == (75.0, 60.0)
    assert (found["mail"].unlocks.shared_accounts, found["mail"].unlocks.new_accounts) == (None, 30.0)
    (told,) = found["mail"].demand
    assert (told.count, told.lower_bound, told.reason) == (None, None, "fewer than 20 accounts are not told")
    assert found["new"].demand[0].count == 60.0


def test_look_alikes_share_a_category_and_are_near():
    topic = np.array([[1, 0], [0.9, 0.436], [0.8, 0.6], [0, 1], [1, 0]])
    categories = LabelSets.fit([["x"], ["x"], ["x", "y"], ["x"], ["y"]])
    assert look_alikes(topic, categories, 0).tolist() == [1, 2]
    nothing = LabelSets.fit([[]] * 5)
    assert look_alikes(topic, nothing, 0).tolist() == [4, 1, 2]


def test_peers_that_have_it_are_held_against_their_links_by_chance():
    have, expected = holding(seen(), np.array([1, 3]), ROWS)
    np.testing.assert_array_equal(have, [2, 0, 0])
    np.testing.assert_allclose(expected, [3 * 4 / 12, 3 * 1 / 12, 3 * 1 / 12])
