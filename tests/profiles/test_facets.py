import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.profiles.facets import build_facets, content_key
from matchmaker.profiles.schema import Interface, Partner

FULL = Partner(
    id="a",
    name="Acme",
    domain="acme.com",
    description="Ships boxes. Prints labels!",
    audience="Small shops.",
    goals=("reach", "speed"),
    needs=("speed", "data"),
    capabilities=("Ships boxes", "tracking"),
    industries=("retail",),
    regions=("europe", "asia"),
    company_sizes=("smb",),
    categories=("logistics", "post"),
)


def test_facets_by_hand():
    facets = build_facets(FULL)
    assert facets.audience == ("Small shops.", "Industries: retail; customer sizes: smb; regions: europe, asia")
    assert facets.goals == ("reach", "speed", "data")
    assert facets.capabilities == ("Ships boxes", "tracking")
    assert facets.profile == "Acme. Ships boxes. Prints labels!. Small shops. Ships boxes, tracking. logistics, post"
    assert facets.wording == "Acme. Ships boxes. Prints labels!. Small shops. tracking. logistics, post"
    assert facets.inferred == frozenset()


def test_what_is_not_stated_is_inferred_from_the_description_and_marked():
    facets = build_facets(Partner(id="a", name="A", description="One. Two? Three!", regions=("europe",)))
    assert facets.audience == ("One. Two? Three!",)
    assert facets.capabilities == ("One.", "Two?", "Three!")
    assert facets.goals == ()
    assert facets.inferred == {"audience", "capabilities"}


def test_a_bare_partner_has_empty_facets():
    facets = build_facets(Partner(id="a", name="A"))
    assert (facets.audience, facets.goals, facets.capabilities) == ((), (), ())
    assert (facets.profile, facets.inferred) == ("A", frozenset())


def test_limits():
    many = tuple(f"item {n}" for n in range(60))
    facets = build_facets(Partner(id="a", name="A", goals=many, capabilities=many))
    assert facets.capabilities == many[:24] and facets.goals == many[:16]
    assert facets.profile == "A. " + ", ".join(many[:12])
    assert facets.wording == "A. " + ", ".join(many)
    long = build_facets(Partner(id="a", name="A", description="One. " * 30))
    assert len(long.capabilities) == 8


@pytest.mark.parametrize(
    "change",
    [
        {"id": "b"},
        {"domain": "b.com"},
        {"domains": ("c.com",)},
        {"extra": {"x": 1}},
        {"as_of": "2024-01-01"},
    ],
)
def test_the_content_key_leaves_out_who_and_when(change):
    assert content_key(Partner(**{**FULL.model_dump(), **change})) == content_key(FULL)


CHANGES = {
    "name": "B",
    "description": "x",
    "audience": "x",
    "size": 5.0,
    "interface": Interface(auth=("basic",)),
    **dict.fromkeys(
        ["goals", "needs", "capabilities", "industries", "regions", "company_sizes", "partner_types", "categories"],
        ("other",),
    ),
}


@pytest.mark.parametrize("field", CHANGES)
def test_the_content_key_sees_all_that_matching_reads(field):
    assert content_key(FULL.model_copy(update={field: CHANGES[field]})) != content_key(FULL)


words = st.lists(st.text(min_size=1, max_size=12), max_size=30).map(tuple)


@given(st.text(max_size=80), words, words, words)
def test_goals_are_never_read_out_of_the_description(description, goals, needs, capabilities):
    facets = build_facets(
        Partner(id="a", name="A", description=description, goals=goals, needs=needs, capabilities=capabilities)
    )
    assert set(facets.goals) <= {*goals, *needs} and len(set(facets.goals)) == len(facets.goals) <= 16
    assert ("capabilities" in facets.inferred) == (not capabilities and bool(description))
    assert len(facets.capabilities) <= 24
    assert all(text in description for text in facets.capabilities if "capabilities" in facets.inferred)
