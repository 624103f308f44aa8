"""The verdict on a pair of interfaces: known answers for every rule, and a second telling of the rules for all pairs at once."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.errors import UnknownPartnerError
from matchmaker.gaps.bulk import Interfaces
from matchmaker.gaps.interface import BLOCKED, NEEDS_WORK, READY, UNKNOWN, VERDICTS
from matchmaker.profiles.openapi import apply_openapi, read_openapi
from matchmaker.profiles.schema import Interface, Partner, Relation

SHOP = Interface(
    auth=("oauth2",),
    events=("order.created",),
    objects=("orders",),
    operations=("List orders", "Create product"),
    formats=("json",),
    style="rest",
)
NAMES, READS_USERS = Interface(operations=("Delete order",)), Interface(operations=("List users",))


def made(name, interface=None, **fields):
    return Partner(id=name, name=name.title(), interface=interface or Interface(**fields))


def fit(a, b, *, directed=True, relations=()):
    return Interfaces([made("a", a), made("b", b)], relations).fit("a", "b", directed=directed)


def codes(found, *, needed=True):
    return [gap.code for gap in found.gaps if gap.needed is needed]


def test_ready_where_an_event_meets_an_operation():
    found = fit(SHOP, Interface(auth=("oauth2",), operations=("Create a sales order",)))
    assert (found.verdict, found.effort, codes(found)) == (READY, 1.0, [])
    flow = found.directions[0].flows[0]
    assert (flow.thing, flow.source_words, flow.target_words) == ("order", "order.created", "Create a sales order")
    assert found.reason == "A tells of “order.created”, B takes it in by “Create a sales order”"


@pytest.mark.parametrize(
    ("target", "effort", "expected"),
    [
        (Interface(operations=("Create order",), auth=("api_key",)), 1.25, [("auth_mismatch", "connector", None)]),
        (Interface(operations=("Create order",), formats=("xml",)), 1.5, [("format_mismatch", "connector", None)]),
        (Interface(operations=("Create order",), style="sftp"), 3.0, [("style_mismatch", "connector", None)]),
        (Interface(operations=("Create product",), auth=("oauth2",)), 2.0, [("no_event", "a", "product")]),
        (Interface(operations=("List orders", "Create cat"), auth=("oauth2",)), 2.0, [("no_write", "b", "order")]),
    ],
)
def test_what_is_missing_who_builds_it_and_what_it_costs(target, effort, expected):
    found = fit(SHOP, target)
    assert found.verdict == (READY if expected[0][0] == "auth_mismatch" else NEEDS_WORK)
    assert found.effort == effort
    assert [(gap.code, gap.builder, gap.thing) for gap in found.gaps if gap.needed] == expected
    assert found.effort == 1 + sum(gap.effort for gap in found.gaps if gap.needed)
    if found.verdict == NEEDS_WORK:
        assert found.reason == found.gaps[0].sentence


def test_without_an_event_the_connector_polls():
    found = fit(Interface(operations=("Get all customers",)), Interface(operations=("Add subscriber",)))
    assert (found.verdict, found.effort) == (NEEDS_WORK, 1.5)
    gap = found.gaps[0]
    assert (gap.code, gap.severity, gap.builder, gap.thing) == ("no_event", "minor", "connector", "contact")


def test_a_message_carries_any_thing_but_one_thing_goes_before_it():
    carried = fit(SHOP, Interface(operations=("Send message",)))
    assert (carried.verdict, carried.directions[0].flows[0].thing) == (READY, "anything")
    both = fit(SHOP, Interface(operations=("Send message", "Create order")))
    assert [flow.thing for flow in both.directions[0].flows] == ["order", "anything"]


@pytest.mark.parametrize(
    ("a", "b", "code", "builder"),
    [
        (SHOP, Interface(operations=("Get weather",)), "takes_nothing", "b"),
        (SHOP, Interface(operations=("Create candidate",)), "nothing_shared", "connector"),
        (SHOP, Interface(operations=("Create order",), auth=("saml",)), "auth_for_people", "b"),
        (NAMES, Interface(operations=("Delete order", "Create cat")), "nothing_shared", "connector"),
        (READS_USERS, Interface(operations=("List users", "Create cat")), "nothing_shared", "connector"),
    ],
)
def test_blocked_says_by_whom_and_estimates_nothing(a, b, code, builder):
    found = fit(a, b)
    assert (found.verdict, found.effort) == (BLOCKED, None)
    assert (found.gaps[0].code, found.gaps[0].severity, found.gaps[0].builder) == (code, "blocking", builder)
    assert found.reason == found.gaps[0].sentence


def test_silence_is_unknown_and_says_whose():
    nothing = fit(SHOP, Interface())
    assert (nothing.verdict, nothing.effort, nothing.reason) == (UNKNOWN, None, "B says nothing about its interface")
    things = fit(SHOP, Interface(objects=("Orders", "returns")))
    assert things.verdict == UNKNOWN and codes(things) == ["acts_not_stated"]
    assert things.reason == "B states neither events nor operations; both handle order"


def test_the_better_direction_counts():
    reader, taker = (
        Interface(events=("Ticket opened",), operations=("Get ticket",)),
        Interface(operations=("Create ticket",)),
    )
    assert fit(reader, taker).verdict == READY and fit(taker, reader).verdict == BLOCKED
    both = fit(taker, reader, directed=False)
    assert (both.verdict, [way.source for way in both.directions]) == (READY, ["b", "a"])


@pytest.mark.parametrize(
    ("fields", "connected"),
    [
        ({"type": "integration", "status": "active"}, True),
        ({"type": "integration"}, True),
        ({"type": "integration", "status": "announced"}, False),
        ({"type": "integration", "status": "ended"}, False),
        ({"type": "integration", "ended_on": "2025-01-01"}, False),
        ({"type": "partnership", "status": "active"}, False),
    ],
)
def test_an_integration_in_force_is_proof(fields, connected):
    found = fit(Interface(), Interface(), relations=[Relation(a="b", b="a", **fields)])
    assert (found.connected, found.verdict, found.effort) == (
        connected,
        *((READY, 0.0) if connected else (UNKNOWN, None)),
    )


def test_integrations_with_others_are_told_of_a_silent_side():
    partners = [made("a", SHOP), *(made(name) for name in "bcd")]
    relations = [Relation(a="b", b=other, type="integration", status="active") for other in "cd"]
    found = Interfaces(partners, relations).fit("a", "b")
    assert (found.verdict, found.reason) == (
        UNKNOWN,
        "B says nothing about its interface, yet 2 integrations with it are in force",
    )


def test_plain_data_and_unknown_partners():
    interfaces = Interfaces([made("a", SHOP), made("b", operations=("Create order",))])
    told = json.loads(json.dumps(interfaces.fit("a", "b").to_dict()))
    assert (told["verdict"], told["directions"][0]["flows"][0]["thing"]) == (READY, "order")
    with pytest.raises(UnknownPartnerError):
        interfaces.fit("a", "nobody")


def test_an_openapi_document_full_of_circles_gives_a_verdict(tmp_path):
    document = {
        "openapi": "3.1.0",
        "paths": {"/v1/orders": {"post": {"requestBody": {"$ref": "#/components/schemas/Order"}, "responses": {}}}},
        "components": {"schemas": {"Order": {"properties": {"parent": {"$ref": "#/components/schemas/Order"}}}}},
    }
    (tmp_path / "api.json").write_text(json.dumps(document))
    described = apply_openapi(made("b"), read_openapi(tmp_path / "api.json"))
    assert Interfaces([made("a", SHOP), described]).fit("a", "b").verdict == READY


NOUNS = ("order", "contact", "user", "message", "row", "cat")
SAID = {
    "events": [f"{noun}.created" for noun in NOUNS],
    "operations": [f"{verb} {noun}" for verb in ("list", "create", "delete") for noun in NOUNS],
    "objects": list(NOUNS),
    "auth": ["oauth2", "api_key", "saml"],
    "formats": ["json", "xml"],
}
some = st.fixed_dictionaries({name: st.lists(st.sampled_from(words), max_size=3) for name, words in SAID.items()})
interfaces = st.builds(
    lambda fields, style: Interface(**fields, style=style), some, st.sampled_from([None, "rest", "sftp", "app"])
)


def by_hand(a, b):
    """The rules of docs/gaps.md for one direction, from raw words: (verdict, effort)."""
    if not all(one.events or one.operations for one in (a, b)):
        return UNKNOWN, None
    acts = lambda one, verb: {text.split()[1] for text in one.operations if text.startswith(verb)}  # noqa: E731
    told, read, taken = {text.split(".")[0] for text in a.events}, acts(a, "list"), acts(b, "create")
    handled_here = told | read | acts(a, "create") | acts(a, "delete") | set(a.objects)
    handled_there = (
        {text.split(".")[0] for text in b.events} | acts(b, "list") | acts(b, "delete") | set(b.objects)
    ) - {"user"}
    carries = bool(taken & {"message", "row"})
    costs = [0.0] * bool(told & taken or (told and carries)) + [0.5] * bool(read & taken or (read and carries))
    costs += [1.0] * bool(handled_here & taken or (handled_here and carries) or told & handled_there)
    costs += [1.5] * bool(read & handled_there)
    methods = [set(one.auth) - {"saml"} for one in (a, b)]
    if not taken or not costs or any(one.auth and not usable for one, usable in zip((a, b), methods, strict=True)):
        return BLOCKED, None
    formats = bool(a.formats and b.formats and not set(a.formats) & set(b.formats))
    styles = bool(a.style and b.style and a.style != b.style)
    effort = 1 + min(costs) + 0.5 * formats + 2 * styles + 0.25 * bool(all(methods) and not methods[0] & methods[1])
    return (NEEDS_WORK if min(costs) or formats or styles else READY), effort


@settings(max_examples=60)
@given(st.lists(interfaces, min_size=2, max_size=6), st.booleans())
def test_all_pairs_at_once_are_what_the_rules_say_one_by_one(found, linked):
    partners = [made(f"p{number}", interface) for number, interface in enumerate(found)]
    relations = [Relation(a="p0", b="p1", type="integration")] if linked else []
    every = Interfaces(partners, relations)
    a, b = (ends.ravel() for ends in np.meshgrid(*(np.arange(len(found)),) * 2))
    apart = a != b
    a, b = a[apart], b[apart]
    for directed in (True, False):
        at_once = every.verdicts(a, b, directed=directed)
        for i, j, verdict, effort in zip(a, b, at_once.verdict, at_once.effort, strict=True):
            one = every.fit(f"p{i}", f"p{j}", directed=directed)
            assert (one.verdict, one.effort) == (VERDICTS[verdict], None if np.isnan(effort) else pytest.approx(effort))
            if linked and {i, j} == {0, 1}:
                assert (one.verdict, one.effort) == (READY, 0.0)
                continue
            ways = [by_hand(found[i], found[j]), *([] if directed else [by_hand(found[j], found[i])])]
            best = min(ways, key=lambda way: (VERDICTS.index(way[0]), way[1] or 0.0))
            assert (one.verdict, one.effort) == best


def test_no_pair_and_partners_without_a_word():
    silent = Interfaces([made("a"), made("b")])
    assert silent.verdicts(np.array([0]), np.array([1])).verdict.tolist() == [VERDICTS.index(UNKNOWN)]
    nobody = silent.verdicts(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    assert len(nobody.verdict) == len(nobody.effort) == 0
