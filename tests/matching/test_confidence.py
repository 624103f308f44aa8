import pytest

from matchmaker import Interface, Partner
from matchmaker.matching.confidence import completeness, grade
from matchmaker.profiles.facets import build_facets

SAID = "We run returns for shops in every part of Europe."
FULL = {
    "audience": "shops",
    "goals": ("more shops",),
    "capabilities": ("returns",),
    "description": SAID,
    "categories": ("returns",),
    "regions": ("europe",),
    "integrations": ("shop",),
    "size": 100.0,
}


def share(**fields):
    partner = Partner(id="x", name="X", **fields)
    return completeness(partner, build_facets(partner))


def test_nothing_stated_and_everything_stated():
    assert share() == 0.0
    assert share(**FULL) == 1.0


@pytest.mark.parametrize("missing", FULL)
def test_each_part_counts_an_eighth(missing):
    assert share(**{name: value for name, value in FULL.items() if name != missing}) == 7 / 8


def test_what_is_read_out_of_the_description_was_not_stated():
    assert share(description=SAID) == 1 / 8
    assert share(description="Returns.") == 0.0


@pytest.mark.parametrize(
    "fields",
    [
        {"company_sizes": ("small",), "audience": "shops"},
        {"industries": ("food",), "audience": "shops"},
        {"interface": Interface(objects=("order",)), "goals": ("a",)},
        {"interface": Interface(operations=("list",)), "needs": ("a",)},
    ],
)
def test_alternatives_count_once(fields):
    assert share(**fields) == 2 / 8


def test_how_a_partner_is_connected_to_is_no_fact_by_itself():
    assert share(interface=Interface(auth=("oauth2",), formats=("json",))) == 0.0


def test_grades_at_their_edges():
    assert [grade(eighths / 8) for eighths in (0, 2, 3, 5, 6, 8)] == ["low", "low", "medium", "medium", "high", "high"]
