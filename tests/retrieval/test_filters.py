import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.errors import FilterError
from matchmaker.profiles.schema import Interface, Partner
from matchmaker.retrieval.columns import LABELS, Columns
from matchmaker.retrieval.filters import FIELDS, Filter

PARTNERS = [
    Partner(
        id="a",
        name="A",
        partner_types=("Reseller",),
        categories=("returns", "Shipping"),
        regions=("Europe", "Asia"),
        industries=("retail",),
        company_sizes=("smb",),
        size=50,
        extra={"tier": "Gold", "score": 7, "vip": True, "tags": ["x", "Y"]},
    ),
    Partner(
        id="b",
        name="B",
        partner_types=("agency", "reseller"),
        categories=("shipping",),
        regions=("europe",),
        industries=("Fashion",),
        company_sizes=("enterprise",),
        size=5_000,
        extra={"tier": "silver", "score": 2.5, "vip": False},
    ),
    Partner(id="c", name="C", regions=("americas",), size_band="1m+", extra={"tier": None, "score": "7"}),
    Partner(id="d", name="D", interface=Interface(auth=("basic",))),
]
RELATIONS = {0: [{"type": "integration"}, {"type": "competitor"}], 2: [{"type": "partnership"}], 3: []}


def chosen(conditions, relations=RELATIONS):
    mask = Filter.parse(conditions).mask(Columns.from_partners(PARTNERS), relations=relations)
    assert mask.dtype == np.bool_ and mask.shape == (4,)
    return "".join(partner.id for partner, kept in zip(PARTNERS, mask, strict=True) if kept)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, "abcd"),
        ({"type": "reseller"}, "ab"),
        ({"type": "AGENCY"}, "b"),
        ({"category": "shipping"}, "ab"),
        ({"category": ["returns", "nothing"]}, "a"),
        ({"region": "europe"}, "ab"),
        ({"region": [" Asia ", "americas"]}, "ac"),
        ({"region": "euro"}, ""),
        ({"industry": "fashion"}, "b"),
        ({"industry": ["fashion", "retail"]}, "ab"),
        ({"company_size": "smb"}, "a"),
        ({"size": {"min": 50}}, "abc"),
        ({"size": {"max": 5_000}}, "ab"),
        ({"size": {"min": 51, "max": 5_000}}, "b"),
        ({"size": {"min": 60, "max": 50}}, ""),
        ({"size_band": "1-100"}, "a"),
        ({"size_band": ["1k-10k", "1M+"]}, "bc"),
        ({"include": "b"}, "b"),
        ({"include": ["d", "a", "ghost"]}, "ad"),
        ({"exclude": "a"}, "bcd"),
        ({"exclude": ["A", "b"]}, "acd"),
        ({"relation": {"with": "integration"}}, "a"),
        ({"relation": {"with": ["integration", "partnership"]}}, "ac"),
        ({"relation": {"without": "integration"}}, "bcd"),
        ({"relation": {"without": ["competitor"], "with": ["integration"]}}, ""),
        ({"relation": {"without": ["competitor"], "with": ["partnership", "integration"]}}, "c"),
        ({"extra.tier": "gold"}, "a"),
        ({"extra.tier": ["gold", "SILVER"]}, "ab"),
        ({"extra.tier": "none"}, ""),
        ({"extra.score": {"min": 2.5}}, "ab"),
        ({"extra.score": {"min": 3, "max": 7}}, "a"),
        ({"extra.score": 7}, "ac"),
        ({"extra.score": [2.5]}, "b"),
        ({"extra.vip": True}, "a"),
        ({"extra.vip": {"min": 0}}, ""),
        ({"extra.tags": "y"}, "a"),
        ({"region": "europe", "size": {"min": 100}}, "b"),
        ({"region": "europe", "exclude": ["a"], "type": "agency", "extra.tier": "silver"}, "b"),
        ({"region": "europe", "include": ["c"]}, ""),
    ],
    ids=str,
)
def test_known_answers(conditions, expected):
    assert chosen(conditions) == expected


def test_without_relations_nothing_is_related():
    assert chosen({"relation": {"with": ["integration"]}}, None) == ""
    assert chosen({"relation": {"without": ["integration"]}}, None) == "abcd"


@pytest.mark.parametrize("name", ["colour", "Region", "", "regions", "extra", "size_bands"])
def test_an_unknown_field_is_refused_with_all_fields(name):
    with pytest.raises(FilterError, match="There is no filter field") as caught:
        Filter.parse({name: "x"})
    assert all(field in str(caught.value) for field in FIELDS)


@pytest.mark.parametrize("name", ["extra.colour", "extra.", "extra.Tier"])
def test_an_unknown_extra_field_is_refused_with_those_there_are(name):
    with pytest.raises(FilterError, match=r"Extra fields: score, tags, tier, vip\."):
        chosen({name: "x"})


def test_no_extra_field_at_all():
    with pytest.raises(FilterError, match="Extra fields: none"):
        Filter.parse({"extra.x": 1}).mask(Columns.from_partners([Partner(id="a", name="A")]))


@pytest.mark.parametrize(
    "conditions",
    [
        *(
            {name: value}
            for name in (*LABELS, "size_band", "include", "exclude")
            for value in ([], None, {"a": 1}, [["a"]])
        ),
        *({"extra.tier": value} for value in ([], None, {}, {"low": 1}, {"min": "1"}, {"min": True}, [{}])),
        *({"size": value} for value in (5, "5", {}, [1, 2], {"low": 1}, {"min": "1"}, {"max": None}, {"min": False})),
        *({"relation": value} for value in ("integration", {}, [], {"has": ["integration"]})),
    ],
    ids=str,
)
def test_values_of_the_wrong_kind_are_refused(conditions):
    (name,) = conditions
    with pytest.raises(FilterError, match=f"Filter '{name}' takes"):
        Filter.parse(conditions)


def test_a_parsed_filter_does_not_follow_its_source():
    source = {"region": "europe"}
    parsed = Filter.parse(source)
    source["region"] = "asia"
    assert parsed.conditions == {"region": "europe"}


tags = st.lists(st.sampled_from(["x", "X", "y", "z"]), max_size=3).map(tuple)
sizes = st.one_of(st.none(), st.integers(1, 10**7))


@given(
    st.lists(st.tuples(tags, sizes), max_size=12),
    st.lists(st.sampled_from("xyzw"), min_size=1),
    sizes,
    sizes,
    st.integers(0, 12),
)
def test_equals_a_loop(rows, wanted, low, high, late):
    partners = [Partner(id=str(n), name="N", categories=c, size=s) for n, (c, s) in enumerate(rows)]
    bounds = {name: value for name, value in (("min", low), ("max", high)) if value is not None}
    conditions = {"category": wanted, **({"size": bounds} if bounds else {})}
    expected = [
        any(tag.lower() in wanted for tag in categories)
        and (not bounds or (size is not None and (low or 0) <= size <= (high or 10**9)))
        for categories, size in rows
    ]
    columns = Columns.from_partners(partners[:late]).followed_by(partners[late:])
    assert Filter.parse(conditions).mask(columns).tolist() == expected


values = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([1.0, 2.5, "x", "X", " 1 ", ["x", "2"], []])
)


@given(
    st.lists(st.dictionaries(st.sampled_from("ab"), values), min_size=1, max_size=9),
    st.integers(0, 9),
    values,
    st.integers(-3, 3),
)
def test_extra_fields_equal_a_loop(rows, late, asked, low):
    partners = [Partner(id=str(n), name="N", extra=extra) for n, extra in enumerate(rows)]
    partners[0] = Partner(id="0", name="N", extra={"a": 1})
    columns = Columns.from_partners(partners[:late]).followed_by(partners[late:])

    def words(value):
        several = [] if value is None else value if isinstance(value, list) else [value]
        return {str(int(one) if isinstance(one, float) and one == int(one) else one).strip().lower() for one in several}

    def numeric(value):
        return isinstance(value, (int, float)) and not isinstance(value, bool)

    said = [partner.extra.get("a") for partner in partners]
    if asked is not None and asked != []:
        equal = [bool(words(one) & words(asked)) for one in said]
        assert Filter.parse({"extra.a": asked}).mask(columns).tolist() == equal
    above = [numeric(one) and one >= low for one in said]
    assert Filter.parse({"extra.a": {"min": low}}).mask(columns).tolist() == above


def test_words_are_counted_as_they_are_written():
    columns = Columns.from_partners(PARTNERS)
    counted = columns.words["category"].counted(np.array([True, True, False, True]))
    assert counted == {"returns": 1, "Shipping": 1, "shipping": 1}
    assert columns.words["region"].counted(np.array([False, False, True, False])) == {"americas": 1}


def test_equal_numbers_are_equal_as_extra_values():
    columns = Columns.from_partners([Partner(id="a", name="A", extra={"level": 3.0})])
    assert Filter.parse({"extra.level": 3}).mask(columns).tolist() == [True]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], {}),
        (["category=returns, reviews"], {"category": ["returns", "reviews"]}),
        ([" category = returns", "category=tax"], {"category": ["returns", "tax"]}),
        (["size>=1000"], {"size": {"min": 1000.0}}),
        (["size>=10", "size<=1e3"], {"size": {"min": 10.0, "max": 1000.0}}),
        (["size=>=10"], {"size": {"min": 10.0}}),
        (["extra.score>=2.5", "region=europe"], {"extra.score": {"min": 2.5}, "region": ["europe"]}),
        (["extra.url=https://a.b/?x=1"], {"extra.url": ["https://a.b/?x=1"]}),
    ],
    ids=str,
)
def test_arguments_as_a_filter(arguments, expected):
    assert Filter.from_arguments(arguments) == Filter.parse(expected)


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("category", "written field=value"), ("=returns", "written field=value"), ("category=", "written field=value"),
        ("category=,", "takes a value"), ("size>=many", "'many' in 'size>=many' is not a number"), ("size>=nan", "is not a number"),
        ("size=5", "takes a range"), ("colour=red", "There is no filter field 'colour'"), ("relation=integration", "takes"),
        ("category>=3", "takes a value"),
    ],
)  # fmt: skip
def test_arguments_that_are_no_filter(argument, told):
    with pytest.raises(FilterError, match=told):
        Filter.from_arguments([argument])


def test_a_field_is_given_as_values_or_as_a_range():
    with pytest.raises(
        FilterError, match=r"'extra\.score' is given both as values and as a range, lately in 'extra\.score>=3'"
    ):
        Filter.from_arguments(["extra.score=5", "extra.score>=3"])


def test_labels_that_no_partner_has_are_told_with_near_ones():
    told = Filter.parse({"category": ["ship", "returns", "zzz"], "region": "EUROPE", "extra.tier": "tin"}).unmet(
        Columns.from_partners(PARTNERS)
    )
    assert [line.partition(";")[0] for line in told] == [
        "no partner has the category 'ship'",
        "no partner has the category 'zzz'",
    ]
    assert "Shipping" in told[0] and "near" not in told[1]
