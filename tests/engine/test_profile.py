import pytest

from matchmaker import Matchmaker, Partner, Relation
from matchmaker.changes import with_changes
from matchmaker.errors import UnknownPartnerError
from matchmaker.fitting import place
from tests.conftest import make_catalogue, make_partner


def test_a_stated_profile(engine):
    found = engine.partner("Returns House 0")  # by name too
    assert (found.partner, found.name, found.completeness, found.confidence) == ("p000", "Returns House 0", 1.0, "high")
    assert found.facets == {
        "audience": {
            "texts": ["shops in europe selling apparel", "customer sizes: small; regions: europe"],
            "source": "stated",
        },
        "goals": {"texts": ["better shipping for shops"], "source": "stated"},
        "capabilities": {"texts": ["returns for shops", "returns reports"], "source": "stated"},
    }
    assert Partner.model_validate(found.stated) == make_partner(0)
    assert found.size_percentile == pytest.approx(0.1)  # eight of forty are this small
    told = [(one["partner"], one["name"], one["type"], one["status"]) for one in found.relations]
    assert told == [
        ("p010", "Returns House 10", "competitor", "active"), ("p001", "Shipping House 1", "integration", "active"),
    ]  # fmt: skip


def test_what_is_not_stated_is_told_apart(encoder):
    peers = [make_partner(number) for number in (0, 10, 20, 30)]
    unsaid = dict.fromkeys(("goals", "capabilities", "regions", "company_sizes"), ())
    bare = make_partner(5, id="bare", categories=("returns",), audience="", size=None, **unsaid)
    mute = Partner(id="mute", name="Mute")
    engine = Matchmaker(encoder=encoder).fit([*peers, bare, mute])
    found = engine.partner("bare")
    assert {name: facet["source"] for name, facet in found.facets.items()} == {
        "audience": "inferred", "goals": "peers", "capabilities": "inferred",
    }  # fmt: skip
    assert set(found.facets["goals"]["texts"]) <= {"better shipping for shops"} and found.facets["goals"]["texts"]
    assert found.facets["audience"]["texts"] == [bare.description]
    assert found.stated["goals"] == [] and found.size_percentile is None and found.confidence == "medium"
    nothing = engine.partner("mute")
    assert nothing.facets == {name: {"texts": [], "source": "none"} for name in ("audience", "goals", "capabilities")}
    assert (nothing.completeness, nothing.confidence, nothing.relations) == (0.0, "low", [])


def test_a_changed_partner_is_shown_as_it_stands_and_without_those_that_left(encoder):
    built = Matchmaker(encoder=encoder).fit(make_catalogue())
    changed = make_partner(0, name="Anew", goals=("warehouses",), size=None)
    fresh = Relation(a="p005", b="p000", type="partnership", status="announced")
    fitted = with_changes(built.fitted, [place(built.fitted, changed, encoder)], ["p010"], [fresh])
    engine = built.on(fitted, encoder)
    found = engine.partner("p000")
    assert (found.name, found.facets["goals"]["texts"], found.stated["size"]) == ("Anew", ["warehouses"], None)
    told = [(one["partner"], one["type"]) for one in found.relations]
    assert told == [("p001", "integration"), ("p005", "partnership")]
    with pytest.raises(UnknownPartnerError):
        engine.partner("p010")


def test_an_answer_is_plain_data(engine):
    found = engine.partner("p000")
    assert found.to_dict()["relations"] == found.relations
    assert set(found.to_dict()) == set(vars(found))
