import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker import Catalogue, Matchmaker, Relation
from matchmaker.asking import MOTIONS
from matchmaker.engine import RIVALS
from matchmaker.matching.fit_type import COMPETITOR, FIT_TYPES
from tests.conftest import make_partner
from tests.matching.worlds import ENCODER, fitted_world, make_world

WORLD, NUMBER = st.sampled_from([18, 19, 20]), st.integers(0, 25)
QUICK = settings(max_examples=12, deadline=None)


def asked(seed, number, k=25, **options):
    options = {"diversity": 0.0, "include_existing": True, "explain": False, **options}
    return fitted_world(seed).recommend(f"w{number:02d}", k, **options).matches


@QUICK
@given(WORLD, NUMBER, st.integers(1, 25), st.floats(0.05, 1.0))
def test_the_best_that_is_no_rival_leads_and_rivals_are_few(seed, number, k, diversity):
    plain, found = asked(seed, number), asked(seed, number, k, diversity=diversity)
    others = [match for match in plain if match.fit_type != COMPETITOR]
    assert found[0].partner == (others or plain)[0].partner
    rivals = sum(match.fit_type == COMPETITOR for match in found)
    assert rivals <= max(math.ceil(RIVALS * k), k - len(others))
    assert [match.rank for match in found] == list(range(1, k + 1))
    assert len({match.partner for match in found}) == k


@QUICK
@given(WORLD, NUMBER, st.integers(1, 25))
def test_no_diversity_is_the_plain_order_at_every_length(seed, number, k):
    plain = [match.partner for match in asked(seed, number)]
    assert [match.partner for match in asked(seed, number, k)] == plain[:k]


@QUICK
@given(WORLD, NUMBER)
def test_a_list_of_one_fit_type_is_the_full_ranking_filtered(seed, number):
    plain = asked(seed, number)
    for fit_type in FIT_TYPES:
        expected = [match.partner for match in plain if match.fit_type == fit_type]
        assert [match.partner for match in asked(seed, number, fit_type=fit_type)] == expected


@QUICK
@given(WORLD, NUMBER)
def test_a_list_of_one_motion_is_the_full_ranking_filtered(seed, number):
    plain = asked(seed, number)
    for motion in MOTIONS:
        expected = [
            match.partner for match in plain if any(motion in (found["name"], found["kind"]) for found in match.motions)
        ]
        assert [match.partner for match in asked(seed, number, motion=motion)] == expected


@QUICK
@given(WORLD, NUMBER)
def test_the_dial_moves_the_larger_ones_forward_step_by_step(seed, number):
    space = fitted_world(seed).fitted.space
    sizes = dict(zip(space.ids, np.nan_to_num(space.size, nan=0.5).tolist(), strict=True))
    places = []
    for weight in (0.0, 0.25, 0.5, 0.75, 1.0):
        order = [match.partner for match in asked(seed, number, popularity_weight=weight)]
        places.append(sum(place * sizes[one] for place, one in enumerate(order)))
    assert all(one >= other - 1e-9 for one, other in itertools.pairwise(places))
    assert places[0] > places[2] > places[4]


@QUICK
@given(WORLD, NUMBER)
def test_existing_partners_are_left_out_and_nobody_else(seed, number):
    kinds = ("partnership", "integration", "acquisition")
    held = {
        match.partner
        for match in asked(seed, number)
        if any(one["type"] in kinds and one.get("status", "active") == "active" for one in match.relations)
    }
    kept = {match.partner for match in asked(seed, number, include_existing=False)}
    assert kept == {match.partner for match in asked(seed, number)} - held


def test_relations_of_a_pair_are_told_from_both_sides():
    seed = 18
    stated = {frozenset((one.a, one.b)) for one in make_world(seed).relations}
    assert len(stated) > 10
    for number in range(26):
        for match in asked(seed, number):
            assert bool(match.relations) == (frozenset((f"w{number:02d}", match.partner)) in stated)


def test_an_explicit_rival_is_marked_from_both_sides():
    seed = 18
    stated = [one for one in make_world(seed).relations if one.type == "competitor"]
    rivals = [one for one in stated if one.status in (None, "announced", "active")]
    assert 0 < len(rivals) < len(stated)  # a rivalry that has ended is none
    for one in rivals:
        rows = fitted_world(seed).score_pairs([(one.a, one.b), (one.b, one.a)]).rows
        assert [row["fit_type"] for row in rows] == ["competitor", "competitor"]


def test_rivals_at_the_top_take_two_of_ten_places_and_do_not_lead():
    partners = [make_partner(number) for number in range(40)]
    plain = [match.partner for match in Matchmaker(encoder=ENCODER).fit(partners).recommend("p000", 39, diversity=0)]
    relations = [Relation(a="p000", b=other, type="competitor") for other in plain[:8]]
    engine = Matchmaker(encoder=ENCODER).fit(Catalogue.from_partners(partners, relations))
    found = engine.recommend("p000", 10)
    assert sum(match.fit_type == COMPETITOR for match in found) == 2
    assert found.matches[0].fit_type != COMPETITOR
    assert [match.partner for match in engine.recommend("p000", 39, diversity=0)] == plain
    asked_for = engine.recommend("p000", 8, fit_type=COMPETITOR, diversity=0)
    assert [match.partner for match in asked_for] == [
        match.partner for match in engine.recommend("p000", 39, diversity=0) if match.fit_type == COMPETITOR
    ][:8]


@pytest.mark.parametrize("diversity", [0.0, 0.4])
def test_the_longest_list_holds_everybody_once(diversity):
    for number in (0, 7, 25):
        found = asked(18, number, 400, diversity=diversity)
        assert len({match.partner for match in found}) == len(found) == 25
