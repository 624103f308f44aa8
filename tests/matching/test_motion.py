from dataclasses import replace

import pytest

from matchmaker.matching.fit_type import COMPETITOR, COMPLEMENT
from matchmaker.matching.motion import Motion, Signals, motions
from matchmaker.matching.reasons import Meeting
from matchmaker.matching.shared import Shared

WANTED = Meeting("fewer returns", "returns portal", 0.8, 0.2)
OFFERED = Meeting("faster parcels", "parcel pick-up", 0.7, 0.1)
NOTHING = Shared(labels={}, links=[], terms=[], accounts=None)
SILENT = Signals(
    fit_type=COMPLEMENT, audience=None, redundancy=None, gives=[], gets=[], common=NOTHING, connected=False
)


def names(**changes):
    return [motion.name for motion in motions(replace(SILENT, **changes))]


def common(links=(), accounts=None, **labels):
    return Shared(labels=labels, links=list(links), terms=[], accounts=accounts)


def test_nothing_known_supports_nothing():
    assert motions(SILENT) == []


@pytest.mark.parametrize("met", ["gives", "gets"])
def test_integrate_needs_an_object_and_a_sign_that_it_is_wanted(met):
    assert names(common=common(objects=["order"]), **{met: [WANTED]}) == ["integrate"]
    assert names(common=common(objects=["order"], links=["shop"])) == ["integrate"]
    assert names(common=common(objects=["order"])) == []
    assert names(**{met: [WANTED]}) == []
    assert names(common=common(links=["shop"])) == []


def test_two_specific_neighbours_are_a_sign_by_themselves():
    assert names(common=common(links=["shop", "mail"])) == ["integrate"]
    assert names(common=common(neighbours=["shop", "mail", "till"])) == []  # what everybody connects to


def test_integrate_names_its_evidence():
    signals = replace(SILENT, common=common(objects=["order"], links=["shop"]), gets=[WANTED], gives=[])
    assert motions(signals) == [
        Motion(
            "technology",
            "integrate",
            "both handle order; “returns portal” is wanted for “fewer returns”; both connect to shop",
        )
    ]


def test_a_known_integration_is_deepened_even_with_a_rival():
    found = motions(replace(SILENT, connected=True, fit_type=COMPETITOR))
    assert [motion.evidence for motion in found] == ["an integration is known already: deepen it"]


def test_co_market_needs_audiences_in_the_upper_thirty_percent():
    assert names(audience=0.7) == ["co-market"]
    assert names(audience=0.69) == []
    assert names(audience=None) == []


def test_co_market_names_the_audience():
    signals = replace(SILENT, audience=0.83, common=common(industries=["food"], company_sizes=["small"]))
    evidence = motions(signals)[0].evidence
    assert evidence == "audiences nearer than 83% of pairs, both serving food, small"


def test_no_pair_is_nearer_than_all_pairs():
    assert "100%" not in motions(replace(SILENT, audience=0.996))[0].evidence


def test_co_sell_needs_goals_met_on_both_sides():
    both = motions(replace(SILENT, gets=[WANTED], gives=[OFFERED]))
    assert [motion.name for motion in both] == ["co-sell"]
    assert both[0].evidence == "“returns portal” one way, “parcel pick-up” the other"
    assert names(gets=[WANTED]) == names(gives=[OFFERED]) == []


@pytest.mark.parametrize(
    "sign",
    [{"gives": [OFFERED]}, {"gets": [WANTED]}, {"common": common(accounts=30)}],
    ids=lambda sign: next(iter(sign)),
)
def test_refer_needs_one_audience_capabilities_apart_and_something_to_refer(sign):
    near = {"audience": 0.5, "redundancy": 0.49}
    assert names(**near, **sign) == ["refer"]
    assert names(**near) == []
    assert names(audience=0.49, redundancy=0.49, **sign) == []
    assert names(audience=0.5, redundancy=0.5, **sign) == []
    assert names(audience=None, redundancy=0.1, **sign) == []
    assert names(audience=0.5, redundancy=None, **sign) == []


def test_rivals_neither_sell_nor_market_nor_connect():
    signs = {"gives": [OFFERED], "gets": [WANTED], "audience": 0.9, "redundancy": 0.9}
    both = common(objects=["order"], links=["shop", "mail"])
    assert names(**signs, common=both) == ["integrate", "co-market", "co-sell"]
    assert names(**signs, common=both, fit_type=COMPETITOR) == []


def test_all_four_come_in_their_order():
    found = motions(
        replace(SILENT, audience=0.9, redundancy=0.1, gives=[OFFERED], gets=[WANTED], common=common(objects=["order"]))
    )
    assert [(motion.kind, motion.name) for motion in found] == [
        ("technology", "integrate"),
        ("strategic", "co-market"),
        ("strategic", "co-sell"),
        ("strategic", "refer"),
    ]
