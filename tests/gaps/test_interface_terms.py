"""Words of interfaces: the same thing in whatever words it is named."""

import pytest

from matchmaker.gaps import terms
from matchmaker.gaps.terms import Act


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("New Order (Instant)", "order"),
        ("order.created", "order"),
        ("orders/updated", "order"),
        ("orderShipped", "order"),
        ("When an order is paid", "order"),
        ("Triggers when a Sales Order's status changes", "order"),
        ("New Comment Added to Card", "note"),
        ("When a response is submitted", "answer"),
        ("New or Updated Contact", "contact"),
        ("Purchase Order Approved", "purchase order"),
        ("New", None),
        ("*", None),
        ("", None),
    ],
)
def test_the_thing_of_an_event(text, expected):
    assert terms.event(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("create order", [Act("order", False, True, False)]),
        ("Create or Update a Contact", [Act("contact", False, True, False)]),
        ("Find or create a customer", [Act("contact", True, True, False)]),
        ("Get a list of orders", [Act("order", True, False, False)]),
        ("contacts.list", [Act("contact", True, False, False)]),
        ("Orders_CreateOrUpdate", [Act("order", False, True, False)]),
        ("Delete invoice", [Act("invoice", False, False, False)]),
        ("Update order status", [Act("order", False, True, False)]),
        ("Send SMS to a customer", [Act("message", False, True, True)]),
        ("Send an e-mail", [Act("email", False, True, True)]),
        ("Send invitation email", [Act("email", False, True, False)]),
        ("Append row in sheet", [Act("row", False, True, True)]),
        ("Update row", [Act("row", False, True, False)]),
        ("Create a contact record", [Act("contact", False, True, False)]),
        ("Verify email", [Act("contact", False, True, False)]),
        ("Submit a form", [Act("answer", False, True, False)]),
        ("Ask Claude", [Act("text", False, True, True)]),
        ("HTML to PDF", [Act("file", False, True, False)]),
        ("Extract tables from a PDF", [Act("table", False, True, False), Act("file", False, True, False)]),
        ("Custom API call", []),
        ("Ping", []),
        ("", []),
    ],
)
def test_what_an_operation_does_to_which_thing(text, expected):
    assert list(terms.operation(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sales Orders", "order"),
        ("contact_list", "list"),
        ("boxes", "box"),
        ("schema", None),
        ("Invoice line item", "line item"),
    ],
)
def test_the_thing_of_an_object(text, expected):
    assert terms.thing(text) == expected


@pytest.mark.parametrize("noun", ["order", "contact", "company", "box", "widget", "purchase order", "reply"])
def test_an_event_an_operation_and_an_object_meet_in_one_thing(noun):
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + ("es" if noun.endswith("x") else "s")
    named = terms.thing(plural)
    assert named is not None
    assert named == terms.event(f"New {noun}") == terms.operation(f"List {plural}")[0].thing
    assert named == terms.operation(f"Create a new {noun} for somebody")[0].thing


def test_families_of_sign_in_formats_and_styles():
    assert terms.auth(["OAuth2", "API key", "bearer", "Basic", "AWS_SIGV4", "SAML"]) == {
        "oauth2",
        "key",
        "basic",
        "signed",
        "people",
    }
    assert terms.formats(["application/json", "application/vnd.api+json", "X12", "text/csv", " "]) == {
        "json",
        "edi",
        "csv",
    }
    assert [terms.style(name) for name in ("REST", "GraphQL", "sftp", "embedded", "telepathy", None)] == [
        "call", "call", "file", "app", None, None,
    ]  # fmt: skip
