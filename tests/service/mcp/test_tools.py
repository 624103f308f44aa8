"""What each tool answers is what the engine says, bounded and without what is absent."""

import json
from collections import Counter
from dataclasses import replace

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker import Matchmaker, MatchmakerError
from matchmaker.audience.incidence import Incidence
from matchmaker.profiles.accounts import AccountTable, hash_account, key_id
from matchmaker_service.mcp.answers import Relation
from matchmaker_service.mcp.arguments import MOST, MOST_PAIRS
from matchmaker_service.mcp.protocol import described
from matchmaker_service.mcp.tools import TOOLS
from tests.conftest import ROOT
from tests.service.mcp.asking import QUESTIONS, answer, refusal

SAMPLE = ROOT / "models" / "sample"
ABSENT = (None, "", [], {})
OUTPUT = {name: described(tool).output_schema for name, tool in TOOLS.items()}


def near(value):
    return pytest.approx(value, abs=5e-4)


def inside(value):
    """A value and every value in it."""
    yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from inside(one)


def test_every_tool_is_asked_here():
    assert set(QUESTIONS) == set(TOOLS)


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_is_of_its_schema_and_holds_nothing_absent(server, name):
    found = answer(server, name, **QUESTIONS[name])
    jsonschema.validate(found, OUTPUT[name])
    assert not [one for one in inside(found) if one in ABSENT and one is not False]


def test_recommendations_are_those_of_the_engine(server, engine):
    asked = {"fit_type": "complement", "popularity_weight": 0.1, "diversity": 0.0, "include_existing": True}
    found = answer(server, "find_partner_recommendations", partner="p000", k=4, where=["region=europe"], **asked)
    right = engine.recommend("p000", 4, filters={"region": "europe"}, **asked)
    assert len(right) > 0
    assert [match["partner"] for match in found["matches"]] == [match.partner for match in right]
    for match, wanted in zip(found["matches"], right, strict=True):
        assert match["mutual"] == near(wanted.mutual)
        assert match["weaker_side"] == wanted.weaker_side
        assert match["reasons"] == [side.sentence for side in wanted.sides]
        assert "sides" not in match
    assert found["basis"] == "prior"
    assert any("no probability" in note for note in found["notes"])


def test_fewer_than_asked_for_is_said(server):
    found = answer(server, "find_partner_recommendations", partner="p000", where=["category=tax", "region=canada"])
    assert [match["partner"] for match in found["matches"]] == ["p035"]
    assert any("only 1 of the 10" in note for note in found["notes"])


def test_no_match_is_an_answer(server):
    found = answer(server, "find_partner_recommendations", partner="p000", where=["category=nothing"])
    assert found["matches"] == []


@pytest.mark.parametrize("where", ["region=europe", ["region=europe"], '["region=europe"]'])
def test_a_list_may_come_as_its_item_or_as_json(server, where):
    found = answer(server, "find_partner_recommendations", partner="p000", k=50, where=where)
    assert {int(match["partner"][1:]) // 10 % 4 for match in found["matches"]} == {0}


def test_null_counts_as_not_given(server):
    plain = answer(server, "find_partner_recommendations", partner="p000")
    assert answer(server, "find_partner_recommendations", partner="p000", k=None, where=None, motion=None) == plain


def test_an_explanation_shows_both_sides_with_what_weighs(server, engine):
    found = answer(server, "explain_match", a="returns house 0", b="p011")
    right = engine.explain("p000", "p011")
    assert (found["a"], found["b"]) == ("p000", "p011")
    assert [side["receiver"] for side in found["sides"]] == ["p000", "p011"]
    for side, wanted in zip(found["sides"], right.match.sides, strict=True):
        assert side["value"] == near(wanted.value)
        weighty = {kind: near(nats) for kind, nats in wanted.contributions.items() if abs(nats) >= 0.0005}
        assert side["contributions"] == weighty
        assert list(side["contributions"].values()) == sorted(side["contributions"].values(), key=abs, reverse=True)
        assert sum(side["contributions"].values()) == pytest.approx(side["total"], abs=0.01)
    assert found["match"]["weaker_side"] == right.weaker_side


def test_partners_are_found_by_a_misspelt_name(server):
    found = answer(server, "find_partners", query="Retruns House 0", k=1)
    assert [(row["partner"], row["how"]) for row in found["partners"]] == [("p000", "fuzzy")]


def test_partners_are_found_by_meaning_with_a_warning(server, encoder):
    found = answer(server, "find_partners", query="We run tax for shops in canada", by="meaning", k=3)
    assert found["partners"][0]["partner"] == "p035"
    assert any("always a nearest" in note for note in found["notes"])


def test_nothing_found_is_said(server):
    found = answer(server, "find_partners", query="example.org", by="domain")
    assert found["partners"] == []
    assert found["notes"]


def test_a_context_has_three_facets_and_repeats_nothing(server, engine):
    found = answer(server, "get_partner_context", partner="Returns House 0")
    assert found["partner"] == "p000"
    assert set(found["facets"]) == {"audience", "goals", "capabilities"}
    assert found["facets"]["goals"] == {"source": "stated", "texts": ["better shipping for shops"]}
    assert found["stated"]["extra"] == {"tier": "gold", "founded": 2000}
    assert not {"id", "name", "audience", "goals", "capabilities"} & set(found["stated"])
    assert {(one["partner"], one["type"]) for one in found["relations"]} == {
        ("p010", "competitor"), ("p001", "integration"),
    }  # fmt: skip
    assert found["relations_by_type"] == {"competitor": 1, "integration": 1}


def test_of_many_relations_the_rare_types_come_first_and_all_are_counted():
    engine = Matchmaker.load(SAMPLE, background_check=False)
    found = TOOLS["get_partner_context"](engine, {"partner": "shopify"})
    right = Counter(one["type"] for one in engine.partner("shopify").relations)
    assert sum(right.values()) > MOST == len(found["relations"])
    assert found["relations_by_type"] == right
    assert [one["type"] for one in found["relations"]][: right["competitor"]] == ["competitor"] * right["competitor"]
    assert found["notes"] == [f"{MOST} of {sum(right.values())} known relations are listed."]


@pytest.mark.parametrize("directed", [True, False])
def test_the_ends_of_a_relation_are_told_where_it_has_a_direction(directed):
    told = Relation.of({"type": "acquisition", "a": "p1", "b": "p0", "directed": directed, "partner": "p1"}).compact()
    assert told == {"type": "acquisition", "partner": "p1", **({"a": "p1", "b": "p0"} if directed else {})}


def test_look_alikes_are_those_of_the_engine(server, engine):
    found = answer(server, "find_similar_partners", like="p000", unlike=["p001"], k=5)
    right = engine.similar(["p000"], 5, unlike=["p001"]).partners
    assert [row["partner"] for row in found["partners"]] == [row["partner"] for row in right]
    assert [row["similarity"] for row in found["partners"]] == [near(row["similarity"]) for row in right]


def test_pairs_are_scored_in_order_and_one_unknown_stops_none(server, engine):
    found = answer(server, "score_pairs", pairs=[["p000", "NOBODY"], ["Shipping House 1", "p002"], ["p003", "p003"]])
    right = engine.score_pairs([("p001", "p002")]).rows[0]
    assert found["scored"] == 1
    assert found["pairs"][0] == {"a": "p000", "b": "NOBODY", "status": "unknown partner NOBODY"}
    assert found["pairs"][1]["a"] == "p001"
    assert found["pairs"][1]["value_to_b"] == near(right["value_to_b"])
    assert "status" not in found["pairs"][1]
    assert "mutual" not in found["pairs"][2]


def test_gaps_are_those_of_the_engine(server, engine):
    found = answer(server, "find_integration_gaps", partner="returns house 0", k=4, popularity_weight=0.0)
    right = engine.gaps("p000", k=4, popularity_weight=0.0)
    assert [one["partner"] for one in found["missing"]] == [one.link.partner for one in right.missing]
    for one, wanted in zip(found["missing"], right.missing, strict=True):
        assert (one["name"], one["clear_market"], one["reason"]) == (
            wanted.name, wanted.link.clear_market, wanted.link.reason,
        )  # fmt: skip
        assert one["interface"]["verdict"] == wanted.interface.verdict
        assert [gap["builder"] for gap in one["interface"].get("gaps", ())] == [
            gap.builder for gap in wanted.interface.gaps
        ]
        assert one.get("unlocks_count", 0) == wanted.link.unlocks.partner_count
    assert found["considered"] == right.considered


def test_gaps_of_a_pair_are_told_with_the_link_unless_they_have_it(server, engine):
    found = answer(server, "find_integration_gaps", partner="p000", other="Shipping House 1")
    assert (found["other"], found["other_name"], found["connected"]) == ("p001", "Shipping House 1", True)
    assert found["interface"]["verdict"] == "ready"
    assert "link" not in found
    found = answer(server, "find_integration_gaps", partner="p000", other="p011")
    right = engine.gaps("p000", "p011")
    assert (found["link"]["rank"], found["link"]["partner"]) == (right.link.rank, "p011")
    assert found["interface"]["reason"] == right.interface.reason
    assert "missing" not in found


def test_overlaps_are_those_of_the_engine(engine):
    own = {"p000": range(60), "p001": range(40, 100), "p002": range(3)}
    held = [
        (partner, number, "prospect" if partner == "p001" else "customer") for partner in own for number in own[partner]
    ]
    partners, numbers, populations = zip(*held, strict=True)
    accounts = tuple(hash_account(f"shop{number}.com", b"k" * 16) for number in numbers)
    none = (None,) * len(held)
    table = AccountTable(partners, accounts, populations, none, none, none, key_id(b"k" * 16))
    with_accounts = engine.on(
        replace(engine.fitted, held=Incidence.of_table(table, engine.fitted.space.ids)), engine.encoder
    )
    ask = TOOLS["find_account_overlaps"]
    found = ask(with_accounts, {"partner": "Returns House 0", "other": "p001"})
    jsonschema.validate(found, OUTPUT["find_account_overlaps"])
    (one,) = found["overlaps"]
    assert (one["name"], one["shared"], one["give"], one["quadrant"]) == ("Shipping House 1", 20, 20, "you give")
    assert one["matrix"]["customer"]["prospect"] == 20
    assert one["lift"] == near(20 * 100 / (60 * 60))
    listed = ask(with_accounts, {"partner": "p000", "by": "shared"})
    assert [one["other"] for one in listed["overlaps"]] == ["p001", "p002"]
    assert "no lift: a side has fewer than 20 accounts" in listed["notes"]


def test_without_accounts_that_is_said(server):
    found = answer(server, "find_account_overlaps", partner="p000", other="p001")
    assert (found["partner"], found["notes"]) == (
        "p000",
        ["No accounts are known: the bundle was built without --accounts."],
    )


@pytest.mark.parametrize(
    ("name", "arguments", "code", "said"),
    [
        ("explain_match", {"a": "Returns Hous 0", "b": "p001"}, "unknown_partner", "p000 (Returns House 0)"),
        ("explain_match", {"a": "p001", "b": "p001"}, "invalid_setting", "two different"),
        ("get_partner_context", {"partner": "Shiping House 1"}, "unknown_partner", "p001 (Shipping House 1)"),
        ("find_similar_partners", {"like": ["zzz"]}, "unknown_partner", "zzz"),
        ("find_partner_recommendations", {"partner": "p000", "where": ["colour=red"]}, "invalid_filter", "category"),
        ("find_partner_recommendations", {"partner": "p000", "where": ["size"]}, "invalid_filter", "field=value"),
        ("find_partner_recommendations", {"partner": "p000", "k": MOST + 1}, "invalid_setting", "k: "),
        ("find_partner_recommendations", {"partner": "p000", "k": 0}, "invalid_setting", "k: "),
        ("find_partner_recommendations", {"partner": "p000", "motion": "fly"}, "invalid_setting", "co-sell"),
        ("find_partner_recommendations", {"partner": "p000", "diversity": 1.5}, "invalid_setting", "diversity: "),
        ("find_partner_recommendations", {"partner": "p000", "colour": 1}, "invalid_setting", "no argument 'colour'"),
        ("find_partner_recommendations", {}, "invalid_setting", "partner is needed"),
        ("find_partners", {"query": ""}, "invalid_setting", "query: "),
        ("find_partners", {"query": "x" * 1001}, "invalid_setting", "query: "),
        ("find_partners", {"query": "x", "by": "smell"}, "invalid_setting", "meaning"),
        ("get_partner_context", {"partner": "x" * 201}, "invalid_setting", "partner: "),
        ("find_similar_partners", {"like": []}, "invalid_setting", "like: "),
        ("find_similar_partners", {"like": ["p000"] * 21}, "invalid_setting", "like: "),
        ("score_pairs", {"pairs": [["p000", "p001"]] * (MOST_PAIRS + 1)}, "invalid_setting", "pairs: "),
        ("find_integration_gaps", {"partner": "p000", "other": "p000"}, "invalid_setting", "two different"),
        ("find_integration_gaps", {"partner": "p000", "k": MOST + 1}, "invalid_setting", "k: "),
        ("find_account_overlaps", {"partner": "p000", "other": "p000"}, "invalid_setting", "two different"),
        ("find_account_overlaps", {"partner": "p000", "other": "nobody"}, "unknown_partner", "nobody"),
        ("find_account_overlaps", {"partner": "p000", "by": "size"}, "invalid_setting", "greenfield"),
        ("score_pairs", {"pairs": [["p000"]]}, "invalid_setting", "pairs.0: "),
    ],
)
def test_what_is_wrong_is_refused_with_its_code_and_a_remedy(server, name, arguments, code, said):
    told = refusal(server, name, **arguments)
    assert told.startswith(f"{code}: ")
    assert said in told
    assert len(told) < 700


TEXTS = st.text('ab0[]{}",=>é\n ', max_size=12)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.sampled_from(["p000", "p001"]),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(TEXTS, one, max_size=3),
    max_leaves=6,
)
SENT = st.one_of(
    st.tuples(st.just(name), st.dictionaries(st.sampled_from(sorted(tool.arguments.model_fields)), JUNK, max_size=4))
    for name, tool in TOOLS.items()
)


@given(SENT)
def test_whatever_is_sent_gets_an_answer_or_a_refusal(engine, sent):
    name, changed = sent
    try:
        found = TOOLS[name](engine, {**QUESTIONS[name], **changed})
    except MatchmakerError as error:
        assert str(error)
    else:
        jsonschema.validate(json.loads(json.dumps(found)), OUTPUT[name])
