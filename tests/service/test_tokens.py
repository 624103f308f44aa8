"""Tokens say what they mean to all, and only this store makes them."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker_service.problems import Refused
from matchmaker_service.tokens import Recommended, Signer

SIGNER, OTHER = Signer(b"k" * 32), Signer(b"o" * 32)
ONE = Recommended("p000", "p001", 3, "v1", 17)
SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/. é"
texts = st.text(max_size=40).filter(lambda text: not any("\ud800" <= sign <= "\udfff" for sign in text))


@given(st.builds(Recommended, texts, texts, st.integers(1, 100), texts, st.integers(0, 2**53)))
def test_a_recommendation_says_what_it_was_made_of(one):
    assert SIGNER.recommended(SIGNER.recommendation(one)) == one
    assert OTHER.recommended(SIGNER.recommendation(one)) is None


@pytest.mark.parametrize("partner", ["p", "pp", "ppp"])
def test_every_change_of_one_sign_is_found(partner):
    token = SIGNER.recommendation(Recommended(partner, "p001", 3, "v1", 17))
    for place in range(len(token)):
        for sign in SIGNS.replace(token[place], ""):
            assert SIGNER.recommended(token[:place] + sign + token[place + 1 :]) is None
        assert SIGNER.recommended(token[:place] + token[place + 1 :]) is None
        assert SIGNER.recommended(token[:place]) is None
    for more in SIGNS:
        assert SIGNER.recommended(token + more) is None


@given(st.text(max_size=60))
def test_no_text_is_taken_for_a_token(text):
    assert SIGNER.recommended(text) is None
    with pytest.raises(Refused):
        SIGNER.place(text, "list")


def test_a_token_can_be_read_by_all_and_holds_no_more_than_it_says():
    token = SIGNER.recommendation(ONE)
    raw = base64.urlsafe_b64decode(token[1:] + "=" * (-len(token[1:]) % 4))
    assert raw.endswith(b'["p000","p001",3,"v1",17]') and b"k" * 32 not in raw


def test_no_token_is_a_formula_to_a_spreadsheet():
    ids = [SIGNER.recommendation(Recommended("a", "b", 1, "v1", change)) for change in range(300)]
    assert any(one[1] == "-" for one in ids) and {one[0] for one in ids} == {"r"}
    assert SIGNER.cursor(1, "list", 1)[0] == "c"


@given(st.one_of(st.integers(0, 2**53), texts, st.lists(texts, max_size=3)), texts)
def test_a_cursor_stands_where_it_was_put(place, asked):
    assert SIGNER.place(SIGNER.cursor(place, asked, 1), asked) == place


def test_a_cursor_is_of_one_list_and_ends():
    for token, code in (
        (SIGNER.cursor(5, "other list", 1), "invalid_cursor"),
        (OTHER.cursor(5, "list", 1), "invalid_cursor"),
        (SIGNER.recommendation(ONE), "invalid_cursor"),
        (SIGNER.cursor(5, "list", -1), "cursor_expired"),
    ):
        with pytest.raises(Refused) as refused:
            SIGNER.place(token, "list")
        assert refused.value.code == code


def test_a_cursor_is_no_recommendation():
    assert SIGNER.recommended(SIGNER.cursor(["p000", "p001", 3, "v1", 17], "list", 1)) is None
