"""What an ecosystem lacks: known answers on a small one, and coverage against a plain telling of its rule."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from matchmaker import Catalogue, Config, Partner, Relation
from matchmaker.gaps.coverage import FILLERS, coverage
from matchmaker.gaps.ecosystem import around, ecosystem_gaps
from matchmaker.gaps.unserved import MINIMUM, combinations
from matchmaker.matching.build import build_space
from matchmaker.matching.gain import UNRELATED
from matchmaker.matching.ragged import Items, unit
from matchmaker.matching.reasons import MET
from matchmaker.profiles.accounts import AccountTable


def make(identifier, **fields):
    return Partner(id=identifier, name=identifier.title(), description=f"{identifier} does things.", **fields)


PARTNERS = [
    make(
        "hub",
        goals=("tax filing", "email campaigns for apparel in Canada"),
        capabilities=("checkout",),
        industries=("Apparel",),
        regions=("Germany",),
        categories=("shop",),
        integrations=("mailer", "Old Ledger"),
    ),
    make(
        "mailer",
        needs=("tax filing", "returns portal"),
        capabilities=("email campaigns",),
        categories=("email",),
        regions=("global",),
    ),
    make(
        "packer",
        goals=("returns portal",),
        capabilities=("parcel labels",),
        categories=("shipping",),
        integrations=("hub", "old ledger"),
    ),
    make("portal", capabilities=("returns portal",), categories=("returns",), integrations=("hub",)),
    make("ledger", goals=("checkout",), capabilities=("tax filing",), categories=("tax",), integrations=("packer",)),
    make("wear", capabilities=("size charts",), categories=("shop",), industries=("apparel",), regions=("canada",)),
]


@pytest.fixture(scope="module")
def known(encoder):
    catalogue = Catalogue.from_partners(PARTNERS)
    return catalogue, build_space(catalogue, encoder, Config()).space


@pytest.fixture(scope="module")
def encoder():
    from tests.words import WordEncoder

    return WordEncoder()


MEMBERS = ("hub", "mailer", "packer", "portal")


def test_an_ecosystem_is_its_hub_and_whom_it_is_linked_with(known):
    assert around(known[0], ["hub"]) == set(MEMBERS)
    ended = Catalogue.from_partners(
        PARTNERS[1:3], [Relation(a="mailer", b="packer", type="integration", status="ended")]
    )
    assert around(ended, ["mailer"]) == {"mailer"}


def test_goals_that_no_member_meets_and_who_outside_would(known):
    found = ecosystem_gaps(*known, MEMBERS)
    assert (found.members, found.outsiders, found.stated_goals, found.met) == (4, 2, 5, 3)
    gap = found.goals[0]
    assert (gap.goal, gap.askers, gap.asked_by) == ("tax filing", 2, ("hub", "mailer"))
    assert [(one.partner, one.evidence, one.cosine) for one in gap.fillers] == [
        ("ledger", "tax filing", pytest.approx(0.96, abs=0.005))
    ]
    assert gap.nearest.cosine < gap.bar and len(found.goals) == 1


def test_among_all_partners_the_goal_is_met_by_one_alone(known):
    found = ecosystem_gaps(*known)
    assert found.goals == () and found.outsiders == 0
    assert [(one.partner, one.capability, one.wanted_by) for one in found.single][:3] == [
        ("ledger", "tax filing", ("hub", "mailer")),
        ("portal", "returns portal", ("mailer", "packer")),
        ("hub", "checkout", ("ledger",)),
    ]


def test_a_second_provider_ends_the_dependence(known, encoder):
    catalogue = Catalogue.from_partners([*PARTNERS, make("second", capabilities=("returns portal",))])
    space = build_space(catalogue, encoder, Config()).space
    assert "portal" not in [one.partner for one in ecosystem_gaps(catalogue, space).single]
    outside = ecosystem_gaps(catalogue, space, MEMBERS)
    assert [one.fillers[0].partner for one in outside.single if one.partner == "portal"] == ["second"]


def test_audiences_asked_for_and_served_by_none(known):
    gap = ecosystem_gaps(*known, MEMBERS).audiences[0]
    assert (gap.industry, gap.company_size, gap.region) == ("apparel", None, "canada")
    assert (gap.askers, gap.goals, gap.accounts) == (1, ("email campaigns for apparel in Canada",), None)
    assert [one.partner for one in gap.fillers] == ["wear"]
    assert ecosystem_gaps(*known).audiences == ()


def test_segments_of_accounts_count_from_the_minimum_on_and_only_in_bands(known):
    catalogue, space = known

    def at_least(count, population="prospect"):
        each = lambda value: (value,) * count  # noqa: E731
        keys = tuple(f"h{number}" for number in range(count))
        held = AccountTable(
            each("mailer"), keys, each(population), each("Apparel / Canada"), each(None), each(None), "key"
        )
        changed = Catalogue(catalogue.partners, catalogue.relations, held)
        return [gap.accounts for gap in ecosystem_gaps(changed, space, MEMBERS).audiences]

    assert [at_least(count) for count in (MINIMUM - 1, MINIMUM, 49, 50, 99)] == [[None], [20], [20], [50], [50]]
    assert at_least(MINIMUM - 1, "customer") == [None]
    assert at_least(MINIMUM, "customer") == []  # who has customers there serves them, whatever it states


def test_categories_that_stacks_connect_to_without_a_member(known):
    gap = ecosystem_gaps(*known, MEMBERS).segments
    assert [(one.category, one.connections, one.connected) for one in gap] == [("tax", 1, ("packer",))]
    assert [(one.partner, one.evidence) for one in gap[0].fillers] == [("ledger", "1 of the members connect to it")]


def test_names_outside_the_catalogue_whatever_their_case(known):
    found = ecosystem_gaps(*known)
    assert [(one.name, one.connections, one.connected) for one in found.outside] == [
        ("Old Ledger", 2, ("hub", "packer"))
    ]


def test_lists_are_cut_counts_are_not_and_all_is_plain_data(known):
    found = ecosystem_gaps(*known, k=1)
    assert len(found.single) == 1 and found.counts["single"] == len(ecosystem_gaps(*known).single) > 1
    assert json.loads(json.dumps(found.to_dict()))["single"][0]["partner"] == "ledger"


def test_nobody_inside_and_nobody_at_all_known(known):
    found = ecosystem_gaps(*known, ())
    assert (found.members, found.stated_goals, found.goals, found.segments) == (0, 0, (), ())


def test_alike_goals_are_one_wish(encoder):
    wish = "quick and cheap sales tax filing for shops in many states"
    texts = (f"{wish} today", f"{wish} tomorrow", f"{wish} today", "dentist rostering")
    partners = [make(f"p{number}", goals=(text,), capabilities=("boxes",)) for number, text in enumerate(texts)]
    catalogue = Catalogue.from_partners(partners)
    wished = ecosystem_gaps(catalogue, build_space(catalogue, encoder, Config()).space).goals
    assert [(gap.goal, gap.askers, gap.wordings) for gap in wished] == [
        (texts[0], 3, (texts[1],)),
        (texts[3], 1, ()),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_coverage_is_what_its_rule_says_goal_by_goal(seed):
    rng = np.random.default_rng(seed)
    partners, width = 12, 4

    def some(most):
        counts = rng.integers(0, most + 1, partners)
        return Items(unit(rng.standard_normal((int(counts.sum()), width))), np.cumsum([0, *counts]))

    goals, offers = some(3), some(3)
    marks = rng.uniform(0, 0.9, (len(goals.vectors), 4)).astype(np.float32)
    space = SimpleNamespace(goals=goals, capabilities=offers, marks=marks, inferred_goals=rng.random(partners) < 0.2)
    members = rng.random(partners) < 0.6
    outsiders = ~members & (rng.random(partners) < 0.9)
    found = coverage(space, members, outsiders)
    expected = []
    for row in np.flatnonzero(members & ~space.inferred_goals):
        for place in range(goals.offsets[row], goals.offsets[row + 1]):
            if marks[place, 0] < MET:
                bar = max(marks[place, 0], marks[place, 1], UNRELATED, MET)
                best = {
                    other: float((offers.of(other) @ goals.vectors[place]).max().round(6))
                    for other in range(partners)
                    if other != row and len(offers.of(other))
                }
                inside = {other: cosine for other, cosine in best.items() if members[other]}
                meeting = [other for other, cosine in inside.items() if cosine >= bar]
                beyond = sorted(
                    (-cosine, other) for other, cosine in best.items() if outsiders[other] and cosine >= bar
                )
                expected.append(
                    (
                        place,
                        row,
                        len(meeting),
                        max(inside.values(), default=-1.0),
                        [other for _, other in beyond[:FILLERS]],
                    )
                )
    assert [(a, b) for a, b, *_ in expected] == list(zip(found.goal, found.owner, strict=True)) and len(expected)
    assert found.providers.tolist() == [count for _, _, count, _, _ in expected]
    np.testing.assert_allclose(found.cosine, [cosine for *_, cosine, _ in expected], atol=2e-6)
    for number, (_, _, count, _, beyond) in enumerate(expected):
        if count <= 1:
            assert [row for row in found.outside[number].tolist() if row >= 0] == beyond


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Apparel brands in the United States", [("apparel", None, "united states")]),
        ("food and beauty shops", [("beauty", None, None), ("food", None, None)]),
        ("small food brands", [("food", "small", None)]),
        ("better returns", []),
        ("", []),
    ],
)
def test_combinations_that_a_text_names(text, expected):
    words = {(word,): (0, word) for word in ("apparel", "food", "beauty")}
    words |= {("small",): (1, "small"), ("united", "state"): (2, "united states")}
    assert sorted(combinations(text, words), key=str) == expected


def test_a_goal_that_another_offers_word_for_word_is_met_whatever_its_categories_do_to_the_vector(encoder):
    crowd = tuple(f"kind{number} of{number} thing{number}" for number in range(12))
    asks, offers = make("asks", goals=("Translation",)), make("offers", capabilities=("translation",), categories=crowd)
    catalogue = Catalogue.from_partners([asks, offers])
    space = build_space(catalogue, encoder, Config()).space
    everybody = np.ones(2, dtype=bool)
    assert coverage(space, everybody, ~everybody).providers.tolist() == [0]
    found = ecosystem_gaps(catalogue, space)
    assert (found.stated_goals, found.met, found.goals) == (1, 1, ())
    alone = ecosystem_gaps(catalogue, space, {"asks"})
    assert (alone.met, alone.goals[0].goal) == (0, "Translation")
