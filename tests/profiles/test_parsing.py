import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.profiles import parsing
from matchmaker.profiles.parsing import CellError
from matchmaker.profiles.schema import SIZE_BANDS, band_of, middle_of


@pytest.mark.parametrize("value", [None, float("nan"), "", "  \t\n", [], (), {}, set()])
def test_blanks(value):
    assert parsing.is_blank(value)
    assert parsing.text(value) == ""
    assert parsing.labels(value) == ()
    assert parsing.number(value) is None
    assert parsing.size(value) == (None, None)
    assert parsing.date(value) is None
    assert parsing.boolean(value) is False
    assert parsing.interface(value) == {}


@pytest.mark.parametrize("value", [0, 0.0, False, "0", [0], [None]])
def test_zero_is_not_blank(value):
    assert not parsing.is_blank(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  a \n\t b  ", "a b"),
        ("a\x00b\x1fc\ud800d", "a b c d"),
        ("\u00a0x\u00a0", "x"),
        (12, "12"),
        (["One.", "", None, "two"], "One. two"),
        ([["a"], ["b."]], "a. b"),
        ("\x00", ""),
    ],
)
def test_text(value, expected):
    assert parsing.text(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a; b ;; a", ("a", "b")),
        ("one, two", ("one, two")),
        ('["a;b", "c", null, "c"]', ("a;b", "c")),
        ("[not json; b", ("[not json", "b")),
        ('{"a": 1}', ('{"a": 1}',)),
        (["a", "", " a ", "B"], ("a", "B")),
        (7, ("7",)),
        ([1, 2.5], ("1", "2.5")),
    ],
)
def test_labels(value, expected):
    assert parsing.labels(value) == (expected if isinstance(expected, tuple) else (expected,))


@pytest.mark.parametrize(("value", "expected"), [("1,200.5", 1200.5), (" 7 ", 7.0), (3, 3.0), ("-2e3", -2000.0)])
def test_number(value, expected):
    assert parsing.number(value) == expected


@pytest.mark.parametrize("value", ["x", "nan", "inf", "-Infinity", "1e999", float("inf"), [1], {"a": 1}, "1 2"])
def test_no_number(value):
    with pytest.raises(CellError) as caught:
        parsing.number(value)
    assert caught.value.code == "not_a_number"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1-100", (None, "1-100")),
        (" 100 – 1K ", (None, "100-1k")),
        ("1,000", (1000.0, None)),
        (0, (None, None)),
        ("1M+", (None, "1m+")),
    ],
)
def test_size(value, expected):
    assert parsing.size(value) == expected


@pytest.mark.parametrize("value", [-1, "-0.5", "big", "100-2k", float("inf")])
def test_no_size(value):
    with pytest.raises(CellError) as caught:
        parsing.size(value)
    assert caught.value.code == "invalid_size"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024", (2024, 1, 1)),
        (2024, (2024, 1, 1)),
        (2024.0, (2024, 1, 1)),
        ("2024-02", (2024, 2, 1)),
        ("2024-2-9", (2024, 2, 9)),
        ("2024-02-29T23:59:59+01:00", (2024, 2, 29)),
        ("2024-02-29 10:00", (2024, 2, 29)),
        (dt.datetime(2024, 5, 6, 7), (2024, 5, 6)),
        (dt.date(2024, 5, 6), (2024, 5, 6)),
    ],
)
def test_date(value, expected):
    found = parsing.date(value)
    assert type(found) is dt.date and found == dt.date(*expected)


@pytest.mark.parametrize(
    "value", ["2023-02-29", "2024-13", "0000", "24-01-01", "01.02.2024", "today", 45000, "2024-1-1x"]
)
def test_no_date(value):
    with pytest.raises(CellError) as caught:
        parsing.date(value)
    assert caught.value.code == "invalid_date"


def test_boolean():
    assert all(parsing.boolean(value) for value in (True, 1, 1.0, "Yes", "TRUE", " y "))
    assert not any(parsing.boolean(value) for value in (False, 0, 0.0, "No", "false", "N"))
    for value in ("2", "on", "ja", [True]):
        with pytest.raises(CellError):
            parsing.boolean(value)


def test_interface():
    expected = {
        "auth": ("oauth2",),
        "events": (),
        "objects": ("order", "return"),
        "operations": (),
        "formats": (),
        "style": "rest",
    }
    assert parsing.interface({"auth": "oauth2", "objects": "order; return", "style": " rest "}) == expected
    assert parsing.interface('{"auth": ["oauth2"], "objects": ["order", "return"], "style": "rest"}') == expected
    for wrong in ("{", "[]", "3", 3, {"Auth": []}):
        with pytest.raises(CellError) as caught:
            parsing.interface(wrong)
        assert caught.value.code == "invalid_interface"


@pytest.mark.parametrize(("length", "fits"), [(200_000, True), (200_001, False), (10_000_000, False)])
def test_the_longest_cell(length, fits):
    if fits:
        assert len(parsing.text("x" * length)) == length
        assert len(parsing.labels("x" * length)[0]) == length
        return
    for parse in (parsing.text, parsing.labels):
        with pytest.raises(CellError) as caught:
            parse("x" * length)
        assert caught.value.code == "cell_too_long"


def test_the_longest_list():
    assert len(parsing.labels([str(n) for n in range(2_000)])) == 2_000
    assert parsing.labels(["x"] * 5_000) == ("x",)
    with pytest.raises(CellError):
        parsing.labels([str(n) for n in range(2_001)])


@given(st.text(alphabet=st.characters(codec=None), max_size=60))
def test_clean_text_stays_as_it_is_and_can_be_stored(value):
    once = parsing.text(value)
    assert parsing.text(once) == once
    assert once == " ".join(once.split())
    once.encode("utf-8")


@given(st.lists(st.text(max_size=10), max_size=8))
def test_labels_are_distinct_and_stable(values):
    once = parsing.labels(values)
    assert parsing.labels(list(once)) == once and len(set(once)) == len(once) and "" not in once


@given(st.floats(1e-3, 1e9))
def test_a_size_lies_in_its_band(size):
    edges = [0, 100, 1e3, 1e4, 1e5, 1e6, float("inf")]
    place = SIZE_BANDS.index(band_of(size))
    assert edges[place] <= size < edges[place + 1]


def test_a_band_holds_its_middle():
    assert [band_of(middle_of(band)) for band in SIZE_BANDS] == list(SIZE_BANDS)
    assert middle_of("1-100") == pytest.approx(10.0)
