"""What partners lack: missing integrations with their market, two partners' interfaces, the whole, and shared accounts."""

import dataclasses
import json

import pytest

from matchmaker.changes import with_changes
from matchmaker.engine import Matchmaker
from matchmaker.errors import SettingsError, UnknownPartnerError
from matchmaker.fitting import place
from matchmaker.gaps.bulk import Interfaces
from matchmaker.profiles.catalogue import load_catalogue
from matchmaker.profiles.schema import Interface, Relation
from tests.conftest import WordEncoder, make_partner

KEY = b"a secret of the tests"
OPEN = {"auth": ["oauth2"], "events": ["order.created"], "operations": ["Create order"]}


def rows():
    """Shop has order events, desk takes orders; mail is silent; the rest are there to be compared with."""
    told = [
        {"id": "shop", "name": "Shop", "interface": OPEN, "goals": ["support tickets"], "categories": ["commerce"]},
        {
            "id": "desk",
            "name": "Desk",
            "interface": OPEN,
            "capabilities": ["support tickets"],
            "categories": ["support"],
        },
        {"id": "mail", "name": "Mail", "capabilities": ["newsletters"], "categories": ["marketing"]},
        {"id": "cart", "name": "Cart", "capabilities": ["checkout"], "categories": ["commerce"]},
    ]
    more = [
        {"id": f"p{i}", "name": f"P{i}", "capabilities": [f"thing {i}"], "categories": ["other"]} for i in range(20)
    ]
    return told + more


RELATIONS = [
    {"a": "shop", "b": "p0", "type": "integration", "status": "active"},
    {"a": "shop", "b": "p1", "type": "integration", "status": "ended"},
    {"a": "shop", "b": "p2", "type": "partnership", "status": "active"},
    {"a": "shop", "b": "cart", "type": "competitor"},
    {"a": "cart", "b": "desk", "type": "integration"},
    {"a": "desk", "b": "p3", "type": "integration"},
]
DEMAND = [
    {"a": "shop", "b": "desk", "count": 12, "source": "requests"},
    {"a": "shop", "b": "p5", "count": 1, "source": "requests"},
    {"a": "cart", "capability": "newsletters", "count": 4},
]


def accounts():
    held = [("shop", f"both{i}.com", "customer") for i in range(30)]
    held += [("desk", f"both{i}.com", "prospect") for i in range(30)]
    held += [("shop", f"shop{i}.com", "customer") for i in range(10)]
    held += [("p7", f"seven{i}.com", "customer") for i in range(300)]
    return [{"partner": partner, "account": account, "population": population} for partner, account, population in held]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gaps")

    def table(name, content):
        path = folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in content))
        return path

    catalogue = load_catalogue(
        table("partners", rows()),
        relations=table("relations", RELATIONS),
        accounts=table("accounts", accounts()),
        demand=table("demand", DEMAND),
        account_key=KEY,
    )
    assert catalogue.report.ok
    return Matchmaker(encoder=WordEncoder()).fit(catalogue)


def test_whom_it_is_integrated_with_is_not_missing(engine):
    found = engine.gaps("shop", k=100)
    named = [one.link.partner for one in found.missing]
    assert sorted(named) == sorted({row["id"] for row in rows()} - {"shop", "p0"})
    assert (found.considered, found.name, found.basis) == (22, "Shop", "prior")
    assert [one.link.rank for one in found.missing] == list(range(1, 23))


def test_counted_demand_shared_accounts_and_a_met_goal_make_a_market(engine):
    missing = engine.gaps("Shop", k=5).missing
    (first,) = [one for one in missing if one.link.clear_market == "yes"]
    assert (first.name, first.link.partner) == ("Desk", "desk")
    seen = {one.source: (one.count, one.unit) for one in first.link.demand}
    assert seen == {
        "requests": (12.0, "requests"),
        "requests: capability": (None, "requests"),
        "accounts": (30.0, "accounts"),
    }
    says = {one.kind: one.says for one in first.link.evidence}
    assert {says[kind] for kind in ("demand", "audience", "goals")} == {"for"}
    assert first.link.rivals == ("cart",)
    assert [one.link.partner for one in engine.gaps("shop", k=100).missing if one.link.rival] == ["cart"]
    assert (first.interface.verdict, first.link.effort) == ("ready", first.interface.effort)
    told = first.to_dict()
    assert (told["name"], told["interface"]["verdict"]) == ("Desk", "ready")


def test_a_pair_is_told_with_the_rank_that_it_has_among_all(engine):
    ranks = {one.link.partner: one.link for one in engine.gaps("shop", k=100).missing}
    for other in ("desk", "p5", "p2"):
        pair = engine.gaps("shop", other)
        assert pair.link == ranks[other]
        assert (pair.connected, pair.interface.connected) == (False, False)
    linked = engine.gaps("shop", "p0")
    assert (linked.connected, linked.interface.verdict, linked.link) == (True, "ready", None)
    assert linked.to_dict()["link"] is None
    silent = engine.gaps("shop", "mail")
    assert (silent.interface.verdict, silent.link.effort) == ("unknown", None)


def test_fame_is_a_dial(engine):
    small, famous = (
        [one.link.partner for one in engine.gaps("shop", k=5, popularity_weight=weight).missing]
        for weight in (0.0, 1.0)
    )
    assert small != famous


def test_notes_say_what_is_wanting(engine):
    assert engine.gaps("shop").notes == []
    bare = Matchmaker(encoder=WordEncoder()).fit([make_partner(number) for number in range(5)])
    demand, silent = bare.gaps("p000").notes
    assert "build with --demand or --accounts" in demand
    assert "states no events or operations" in silent


def test_the_whole_and_the_ecosystem_of_a_hub(engine):
    everybody, around = engine.ecosystem_gaps(k=3), engine.ecosystem_gaps(["Shop"], k=3)
    assert (everybody.members, everybody.outsiders) == (24, 0)
    assert around.members == 3  # itself, p0 and p2
    assert [one.goal for one in around.goals] == ["support tickets"]
    assert around.goals[0].fillers[0].partner == "desk"
    assert everybody.goals == ()


def test_a_bundle_keeps_it_all(engine, tmp_path):
    again = Matchmaker.load(engine.save(tmp_path / "bundle"))
    for ask in (
        lambda one: one.gaps("shop", k=30).to_dict(),
        lambda one: one.gaps("shop", "desk").to_dict(),
        lambda one: one.ecosystem_gaps().to_dict(),
        lambda one: one.overlap("shop", "desk").to_dict(),
    ):
        assert ask(again) == ask(engine)


def test_shared_accounts_are_counted_by_population(engine):
    found = engine.overlap("Shop", "desk")
    assert (found.shared, found.give, found.get) == (30, 30, 0)
    (first, *_) = engine.overlaps("shop", 5)
    assert (first.other, first.shared) == ("desk", 30)
    with pytest.raises(SettingsError, match="build with --accounts"):
        Matchmaker(encoder=WordEncoder()).fit([make_partner(0), make_partner(1)]).overlap("p000", "p001")


def test_what_was_changed_since_the_build_counts(engine):
    fitted = engine.fitted
    late = make_partner(99, id="late", interface=Interface(events=("order.created",), operations=("Create order",)))
    ended = Relation(a="shop", b="p0", type="integration", status="active")
    made = Relation(a="shop", b="desk", type="integration", status="active")
    changed = with_changes(fitted, [place(fitted, late, WordEncoder())], ["p9"], [made], [ended])
    named = [one.link.partner for one in engine.on(changed, WordEncoder()).gaps("shop", k=100).missing]
    assert {"late", "p0"} <= set(named)
    assert not {"desk", "p9"} & set(named)
    assert engine.on(changed, WordEncoder()).gaps("shop", "late").interface.verdict == "ready"
    read = changed.lacking.interfaces
    assert read.facts[: len(fitted.space)] == fitted.lacking.interfaces.facts
    assert read.facts == Interfaces(changed.profiles.partners()).facts
    assert engine.on(changed, WordEncoder()).overlap("shop", "desk").shared == 30


def test_what_cannot_be_asked_is_one_clear_error(engine):
    with pytest.raises(UnknownPartnerError, match="nobody"):
        engine.gaps("nobody")
    with pytest.raises(UnknownPartnerError, match="nobody"):
        engine.ecosystem_gaps(["nobody"])
    with pytest.raises(SettingsError, match="two different"):
        engine.gaps("shop", "Shop")
    with pytest.raises(SettingsError, match="k must be"):
        engine.gaps("shop", k=0)
    assert dataclasses.is_dataclass(engine.gaps("shop"))
