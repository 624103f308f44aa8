"""What `matchmaker gaps` shows to people: what can be built before what cannot, and names."""

import json

import pytest
from typer.testing import CliRunner

from matchmaker import Catalogue, Matchmaker
from matchmaker.cli.app import app
from matchmaker.errors import UnknownPartnerError
from matchmaker.profiles.schema import Demand, Interface, Partner
from tests.words import WordEncoder

OPEN = Interface(auth=("oauth2",), events=("order.created",), operations=("Create order",))
SHUT = Interface(auth=("saml",), operations=("Create order",))
WANTED = [Demand(a="p-0", b="p-2", count=400, source="requests"), Demand(a="p-0", b="p-1", count=3, source="requests")]


def partners():
    """p-0 could send orders to p-1; p-2 lets only people sign in, and is asked for most; p-3 is silent, and bears p-1's name."""
    named = [("Shop", OPEN), ("Desk", OPEN), ("Wall", SHUT), ("Desk", Interface())]
    wants = {"p-0": ("support tickets",), "p-1": ("quiet mornings",), "p-3": ("quiet mornings",)}
    offers = {"p-1": ("checkout",), "p-2": ("newsletters",)}
    return [
        Partner(id=f"p-{n}", name=name, interface=face, goals=wants.get(f"p-{n}", ()), capabilities=offers.get(f"p-{n}", ()))
        for n, (name, face) in enumerate(named)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    catalogue = Catalogue.from_partners(partners())
    engine = Matchmaker(encoder=WordEncoder()).fit(Catalogue(catalogue.partners, demand=tuple(WANTED)))
    folder = tmp_path_factory.mktemp("gaps")
    engine.save(folder)
    return folder


def gaps(bundle, *arguments):
    done = CliRunner().invoke(app, ["gaps", *arguments, "-m", str(bundle)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def listed(bundle, *arguments):
    missing = json.loads(gaps(bundle, "p-0", *arguments, "--json"))["missing"]
    return [(one["partner"], one["rank"], one["interface"]["verdict"]) for one in missing]


def test_what_is_blocked_follows_what_can_be_built_and_keeps_its_rank(bundle):
    found = listed(bundle)
    assert found[-1] == ("p-2", 1, "blocked")
    assert sorted(rank for _, rank, _ in found) == [1, 2, 3]
    assert [rank for _, rank, _ in found[:-1]] == [2, 3]
    assert listed(bundle, "-k", "1") == [("p-2", 1, "blocked")]  # which are listed is decided by worth alone
    assert json.loads(gaps(bundle, "p-0", "p-2", "--json"))["link"]["rank"] == 1


def test_what_is_blocked_has_a_heading_of_its_own(bundle):
    shown = gaps(bundle, "p-0")
    best, blocked = shown.index("Integrations that Shop lacks, best to build first"), shown.index("Blocked: Shop lacks")
    assert best < shown.index("Desk (p-1)") < blocked < shown.index("Wall")
    assert "1. Wall: " in shown[blocked:]
    assert "blocking, Wall: Wall offers only sign-in for people" in shown
    only = gaps(bundle, "p-0", "-k", "1")
    assert "Blocked: Shop lacks" in only and "best to build first" not in only


def test_people_read_names_and_ids_where_two_bear_one(bundle):
    shown = gaps(bundle, "p-0", "p-1")
    assert shown.startswith("Shop and Desk (p-1): ready")
    assert "Shop → Desk (p-1): ready" in shown
    whole = gaps(bundle, "--ecosystem")
    goal = next(line for line in whole.splitlines() if "quiet mornings" in line)
    assert "Desk (p-1), Desk (p-3)" in goal
    assert json.loads(gaps(bundle, "--ecosystem", "--json"))["goals"][0]["asked_by"] == ["p-1", "p-3"]


@pytest.mark.parametrize("asked", [["Shp"], ["p-0", "Shp"], ["Shp", "--ecosystem"]])
def test_an_unknown_partner_is_answered_with_near_ones(bundle, asked):
    with pytest.raises(UnknownPartnerError, match=r"Did you mean: p-0 \(Shop\)\?"):
        gaps(bundle, *asked)
