from dataclasses import replace

import numpy as np
import pytest

from matchmaker.matching.reasons import MET, Meeting, as_dict, brings, meetings, sentence
from matchmaker.matching.shared import Shared
from tests.matching.sides import axis, make_side, make_voice, near

A, B = make_voice("A", goals=3, capabilities=3), make_voice("B", goals=3, capabilities=3)
NOTHING = Shared(labels={}, links=[], terms=[], accounts=None)
ONE = Meeting("fewer returns", "returns portal", 0.8, 0.2)


def common(terms=(), accounts=None, **labels):
    return Shared(labels=labels, links=[], terms=list(terms), accounts=accounts)


def test_goals_are_met_best_gain_first():
    side = make_side(goals=[axis(0), axis(1)], marks=[(0.7, 0, 0, 0), (0, 0.4, 0, 0)])
    other = make_side(capabilities=[axis(2, 0, 0.9), axis(3, 1, 0.8)])
    found = meetings(near(side, other), A, B)
    assert [(one.goal, one.capability) for one in found] == [("A goal 1", "B offer 1"), ("A goal 0", "B offer 0")]
    assert [one.cosine for one in found] == pytest.approx([0.8, 0.9], abs=1e-5)
    assert [one.own for one in found] == pytest.approx([0.0, 0.7], abs=1e-5)


@pytest.mark.parametrize(("cosine", "marks", "count"), [
    (MET + 0.001, (0, 0, 0, 0), 1),
    (MET - 0.001, (0, 0, 0, 0), 0),
    (0.8, (0.79, 0, 0, 0), 1),
    (0.8, (0.81, 0, 0, 0), 0),
    (0.8, (0, 0.81, 0, 0), 0),
    (0.8, (0, 0, 0.99, 0.99), 1),
])  # fmt: skip
def test_a_goal_is_met_from_one_half_and_above_its_floor(cosine, marks, count):
    side, other = make_side(goals=[axis(0)], marks=[marks]), make_side(capabilities=[axis(1, 0, cosine)])
    assert len(meetings(near(side, other), A, B)) == count


def test_each_capability_is_named_once_for_the_goal_it_meets_best():
    side = make_side(goals=[axis(1, 0, 0.8), axis(0), axis(2, 0, 0.7)])
    found = meetings(near(side, make_side(capabilities=[axis(0)])), A, B)
    assert [(one.goal, one.capability) for one in found] == [("A goal 1", "B offer 0")]


def test_nothing_meets_nothing():
    assert meetings(near(make_side(), make_side(capabilities=[axis(0)])), A, B) == []
    assert meetings(near(make_side(goals=[axis(0)]), make_side()), A, B) == []


def test_meetings_as_data_round_to_four_digits():
    assert as_dict([replace(ONE, cosine=0.123456, own=0.98765432)]) == [
        {"goal": "fewer returns", "capability": "returns portal", "cosine": 0.1235, "own": 0.9877}
    ]


def test_a_sentence_says_what_is_met_served_connected_and_shared():
    told = sentence(
        A, B, [ONE], common(accounts=31, regions=["europe"], neighbours=["Shop", "Till"], terms=["reverse"])
    )
    assert told == (
        "B gives A: “returns portal” for its goal “fewer returns”; both serve customers in Europe; "
        "both connect to Shop and Till; 31 accounts in common."
    )


def test_a_sentence_names_at_most_two_meetings_and_three_neighbours():
    told = sentence(A, B, [ONE, replace(ONE, capability="second"), replace(ONE, capability="third")],
                    common(neighbours=["n1", "n2", "n3", "n4"]))  # fmt: skip
    assert "second" in told
    assert "third" not in told
    assert "n1, n2 and n3" in told
    assert "n4" not in told


def test_borrowed_goals_are_called_typical():
    told = sentence(replace(A, goals_from_peers=True), B, [ONE], NOTHING)
    assert told == "B gives A: “returns portal” for the goals typical of its kind “fewer returns”."


def test_words_in_common_are_said_only_where_nothing_is_met():
    words = common(terms=["reverse logistics", "pallet", "dock", "crate"])
    assert sentence(A, B, [], words) == "B gives A: both profiles speak of reverse logistics, pallet and dock."
    assert "speak of" not in sentence(A, B, [ONE], words)


def test_what_it_brings_is_said_only_where_nothing_is_met():
    assert sentence(A, B, [], NOTHING, "crates") == "B gives A: “crates”, which it does not offer itself."
    assert "crates" not in sentence(A, B, [ONE], NOTHING, "crates")


def test_without_a_single_fact_the_sentence_says_so():
    assert sentence(A, B, [], NOTHING) == "B stands near A in the market; no single fact of the profiles explains it."


def test_long_texts_are_cut_at_a_word():
    told = sentence(A, B, [replace(ONE, capability="word " * 40)], NOTHING)
    assert f"“{('word ' * 22).strip()} …”" in told


@pytest.mark.parametrize(("labels", "phrase"), [
    ({"regions": ["canada"]}, "customers in Canada"),
    ({"regions": ["global"]}, "customers in every region"),
    ({"industries": ["beauty"]}, "customers in beauty"),
    ({"company_sizes": ["small"]}, "small customers"),
    ({"company_sizes": ["small"], "industries": ["beauty"], "regions": ["canada"]},
     "small customers in beauty, in Canada"),
    ({"company_sizes": ["small", "large"], "regions": ["united states", "europe"]},
     "small and large customers in United States and Europe"),
    ({"industries": ["beauty", "food", "toys"]}, "customers in beauty and food"),
])  # fmt: skip
def test_the_customers_that_both_serve(labels, phrase):
    assert sentence(A, B, [], common(**labels)) == f"B gives A: both serve {phrase}."


def test_brings_what_suits_the_audience_and_is_not_there_yet():
    side = make_side(capabilities=[axis(0)], heading=axis(2, 1, 0.8))
    assert brings(near(side, make_side(capabilities=[axis(0), axis(1), axis(3)])), B) == "B offer 1"


def test_brings_nothing_new_or_nothing_to_suit():
    side = make_side(capabilities=[axis(0)], heading=axis(0))
    assert brings(near(side, make_side(capabilities=[axis(1, 0, 0.76)])), B) is None
    assert brings(near(side, make_side(capabilities=[axis(1, 0, 0.74)])), B) == "B offer 0"
    assert brings(near(side, make_side()), B) is None
    assert brings(near(make_side(capabilities=[axis(0)]), make_side(capabilities=[axis(1)])), B) is None
    assert brings(near(make_side(heading=axis(1)), make_side(capabilities=[axis(1)])), B) == "B offer 0"


def test_what_one_has_does_not_hide_what_one_has_not():
    heading = axis(1, 0, np.sqrt(1 - 0.1**2))
    side = make_side(capabilities=[axis(3, 0, 0.76)], heading=heading)
    assert brings(near(side, make_side(capabilities=[axis(0), axis(1)])), B) == "B offer 1"
