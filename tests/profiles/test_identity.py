import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.profiles.identity import SURE, domains_of, plain_name, probable_duplicates, registrable_domain
from matchmaker.profiles.schema import Partner


def partner(identifier, name, domain=None, domains=()):
    return Partner(id=identifier, name=name, domain=domain, domains=domains)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://www.Shop.example.co.uk/x", "example.co.uk"),
        ("example.com", "example.com"),
        (" EXAMPLE.com:8080 ", "example.com"),
        ("http://user:pw@a.b.example.org/?q=1#f", "example.org"),
        ("co.uk", None),
        ("localhost", None),
        ("10.0.0.1", None),
        ("no domain here", None),
        ("", None),
        ("  ", None),
        (None, None),
    ],
)
def test_registrable_domain(value, expected):
    assert registrable_domain(value) == expected


def test_the_network_is_never_asked(monkeypatch):
    from matchmaker.profiles import identity

    def refused(*_args, **_kwargs):
        raise AssertionError("network")

    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setattr(socket.socket, "connect", refused)
    identity._extractor.cache_clear()
    assert registrable_domain("a.example.com") == "example.com"


def test_domains_are_distinct_and_sorted():
    assert domains_of(partner("a", "A", "www.b.com", ("a.com", "https://b.com", "none"))) == ("a.com", "b.com")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("The Acme Co., Ltd.", "acme"), ("Acme GmbH", "acme"), ("Inc.", "inc"), ("Coca Cola", "coca cola"), ("A-1 Shop", "a 1 shop")],
)  # fmt: skip
def test_plain_name(name, expected):
    assert plain_name(name) == expected


def test_the_same_domain_with_the_same_name_is_sure():
    (pair,) = probable_duplicates([partner("z", "Acme Inc", "acme.com"), partner("a", "ACME", "https://shop.acme.com")])
    assert (pair.a, pair.b, pair.confidence, pair.reason) == ("a", "z", SURE, "same domain acme.com")


def test_the_same_domain_with_another_name_is_less_sure():
    (pair,) = probable_duplicates([partner("a", "Acme", "acme.com"), partner("b", "Zebra", "acme.com")])
    assert pair.confidence == 0.6


def test_near_names():
    (pair,) = probable_duplicates([partner("a", "Acme Payments"), partner("b", "Acme Payment Ltd")])
    # 12 and 11 letters, 11 in common: ratio 2 * 11 / 23
    assert pair.confidence == round(0.85 * 22 / 23, 3) and pair.reason == "nearly the same name"


def test_names_on_different_domains_are_doubtful():
    (pair,) = probable_duplicates([partner("a", "Acme", "acme.com"), partner("b", "Acme", "acme.org")])
    assert pair.confidence == 0.5


def test_different_partners_are_no_duplicates():
    assert probable_duplicates([partner("a", "Acme"), partner("b", "Zebra"), partner("c", "Acme Logistics")]) == []


def test_a_crowded_block_is_left_out():
    crowd = [partner(f"{n:03}", f"Acme {n:03}", "crowd.com") for n in range(201)]
    assert probable_duplicates(crowd) == []
    assert len(probable_duplicates(crowd[:3])) == 3


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["Acme", "Acme Inc", "Acmee", "Zebra"]), st.sampled_from([None, "a.com", "b.com"])),
        max_size=7,
    ),
    st.randoms(use_true_random=False),
)
def test_pairs_do_not_depend_on_the_order(kinds, shuffler):
    partners = [partner(str(place), name, domain) for place, (name, domain) in enumerate(kinds)]
    found = probable_duplicates(partners)
    assert [(-p.confidence, p.a, p.b) for p in found] == sorted((-p.confidence, p.a, p.b) for p in found)
    assert len({(p.a, p.b) for p in found}) == len(found) and all(p.a < p.b for p in found)
    expected = {
        (one.id, other.id)
        for one in partners
        for other in partners
        if one.id < other.id
        and ((one.domain and one.domain == other.domain) or plain_name(one.name) == plain_name(other.name))
    }
    assert {(p.a, p.b) for p in found} == expected  # "acme" and "acmee": 2 * 4 / 9 = 89 %, below the cutoff
    shuffler.shuffle(partners)
    assert {(p.a, p.b): p.confidence for p in probable_duplicates(partners)} == {
        (p.a, p.b): p.confidence for p in found
    }


def test_names_in_other_scripts_are_compared():
    assert probable_duplicates([partner("a", "日本電気"), partner("b", "Яндекс")]) == []
