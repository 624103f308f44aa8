import numpy as np
import pytest

from matchmaker import Matchmaker, Partner
from matchmaker.changes import with_changes
from matchmaker.errors import EncoderError, FilterError, SettingsError
from matchmaker.finding import Directory
from matchmaker.fitting import place
from tests.conftest import WordEncoder, make_catalogue, make_partner

NAMES = {
    "loop": {"name": "Loop Returns", "domain": "loopreturns.com", "size": 500.0},
    "happy": {"name": "Happy Returns", "domain": "https://www.happyreturns.co.uk/shop", "size": 9_000.0},
    "cafe": {"name": "Café-Crème GmbH", "domain": "cafe.example", "domains": ("kaffee.de", "loop.coffee")},
    "oersted": {"name": "Ørsted Straße", "domain": None},
    "klaviyo": {"name": "Klaviyo", "domain": "klaviyo.com"},
    "plus": {"name": "+++", "domain": "plus.io"},
    "seven-eleven": {"name": "Konbini", "domain": "7-eleven.com"},
}


@pytest.fixture(scope="module")
def named():
    partners = [make_partner(number, id=key, **more) for number, (key, more) in enumerate(NAMES.items())]
    return Matchmaker(encoder=WordEncoder()).fit(partners)


def found(engine, query, **options):
    return [(row["partner"], row["how"]) for row in engine.search(query, **options).rows]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Loop Returns", [("loop", "exact"), ("happy", "fuzzy")]),
        ("LOOP", [("loop", "exact")]),  # its id
        ("loop re", [("loop", "prefix")]),
        ("returns", [("loop", "words"), ("happy", "words")]),  # a larger share of the name
        ("ret lo", [("loop", "words")]),
        ("retuns", [("loop", "fuzzy"), ("happy", "fuzzy")]),
        ("klavyio", [("klaviyo", "fuzzy")]),
        ("cafe creme", [("cafe", "prefix")]),
        ("CAFÉ CRÈME GMBH", [("cafe", "exact")]),
        ("orsted strasse", [("oersted", "exact")]),
        ("seven eleven", [("seven-eleven", "exact")]),
        ("eleven", [("seven-eleven", "words")]),
        ("+++", [("plus", "exact")]),
        ("nobody at all", []),
        ("\u0301", []),
        ("\ud800", []),
    ],
)
def test_names(named, query, expected):
    assert found(named, query) == expected


def test_better_kinds_of_likeness_come_first_whatever_their_shares():
    names = ["Wave", "Wave Motion Pictures International", "Big Wave", "Wavo", "Waves"]
    engine = Matchmaker(encoder=WordEncoder()).fit([make_partner(n, name=name) for n, name in enumerate(names)])
    rows = engine.search("wave").rows
    assert [(row["name"], row["how"]) for row in rows] == [
        ("Wave", "exact"), ("Waves", "prefix"), ("Wave Motion Pictures International", "prefix"), ("Big Wave", "words"),
        ("Wavo", "fuzzy"),
    ]  # fmt: skip
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert scores[:4] == [1.0, pytest.approx(0.9 + 0.09 * 4 / 5), pytest.approx(0.9 + 0.09 * 4 / 34), 0.845]
    assert scores[4] == pytest.approx(0.79 * 0.75)


def test_equals_come_by_size_and_then_by_id():
    partners = [make_partner(n, id=key, name="Twin", size=size) for n, (key, size) in enumerate(
        {"c": 10.0, "a": 10.0, "d": None, "b": 99.0}.items()
    )]  # fmt: skip
    engine = Matchmaker(encoder=WordEncoder()).fit(partners)
    assert [one for one, _ in found(engine, "twin")] == ["b", "a", "c", "d"]
    assert [one for one, _ in found(engine, "twin", k=2)] == ["b", "a"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("loopreturns.com", [("loop", "domain")]),
        ("https://WWW.loopreturns.com:443/portal?x=1", [("loop", "domain")]),
        ("someone@mail.loopreturns.com", [("loop", "domain")]),
        ("happyreturns.co.uk", [("happy", "domain")]),
        ("kaffee.de", [("cafe", "domain")]),
        ("loop", [("cafe", "prefix"), ("loop", "prefix")]),  # loop.coffee is shorter than loopreturns.com
        ("7-eleven.com", [("seven-eleven", "domain")]),
        ("cafe.example", [("cafe", "domain")]),  # no public suffix, yet it is what is stated
        ("loopreturns.de", []),
        ("returns.com", []),
        ("co.uk", []),
        ("http://[x", []),
        ("?", []),
    ],
)
def test_domains(named, query, expected):
    assert found(named, query, by="domain") == expected


def test_a_row_says_what_matched(named):
    (row,) = named.search("kaffee.de", by="domain").rows
    assert row == {
        "rank": 1, "partner": "cafe", "name": "Café-Crème GmbH", "categories": ["reviews"], "domain": "cafe.example",
        "size_band": "1k-10k", "score": 1.0, "how": "domain", "matched": "kaffee.de",
    }  # fmt: skip
    assert [row["matched"] for row in named.search("returns").rows] == ["Loop Returns", "Happy Returns"]
    assert named.search("seven").rows[0]["matched"] == "seven-eleven"


def test_meaning_ranks_by_cosine_of_whitened_profiles(engine, encoder):
    fitted = engine.fitted
    query = "loyalty for shops in canada"
    asked = fitted.whitening["topic"].apply(encoder.encode([query]))[0]
    cosines = {
        one: float(np.dot(vector, asked)) for one, vector in zip(fitted.space.ids, fitted.space.topic, strict=True)
    }
    rows = engine.search(query, 40, by="meaning").rows
    assert len(rows) == sum(cosine > 0 for cosine in cosines.values())
    expected = sorted((cosine for cosine in cosines.values() if cosine > 0), reverse=True)
    assert [row["score"] for row in rows] == pytest.approx(expected, abs=1e-5)
    assert rows[0]["score"] == pytest.approx(cosines[rows[0]["partner"]], abs=1e-5)
    assert "loyalty" in rows[0]["categories"]
    assert {row["how"] for row in rows} == {"meaning"} and {row["matched"] for row in rows} == {None}


def test_only_what_is_allowed_is_found(engine):
    everybody = [row["partner"] for row in engine.search("house", 40).rows]
    assert len(everybody) == 40
    gold = engine.search("house", 40, filters={"extra.tier": "gold"}).rows
    assert [row["partner"] for row in gold] == [one for one in everybody if int(one[1:]) % 4 == 0]
    assert [row["rank"] for row in gold] == list(range(1, 11))
    near = engine.search("Returns House 1O", 40, filters={"category": "tax"}).rows  # misspelt ones are filtered too
    assert all("tax" in row["categories"] for row in near)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"query": "  "}, SettingsError), ({"query": "x", "by": "sound"}, SettingsError), ({"query": "x", "k": 0}, SettingsError),
        ({"query": "x", "filters": {"planet": "mars"}}, FilterError),
        ({"query": "x", "filters": {"relation": {"with": ["integration"]}}}, FilterError),
    ],
)  # fmt: skip
def test_what_cannot_be_asked(engine, options, error):
    with pytest.raises(error):
        engine.search(**options)


def test_meaning_needs_the_encoder_of_the_build(engine):
    class Other(WordEncoder):
        fingerprint = "other"

    with pytest.raises(EncoderError):
        engine.on(engine.fitted, Other()).search("returns", by="meaning")


def test_changes_are_found_and_what_is_gone_is_not(encoder):
    built = Matchmaker(encoder=encoder).fit(make_catalogue())
    late = [
        make_partner(50, id="new", name="Quokka Logistics", domain="quokka.example"),
        make_partner(3, id="p003", name="Renamed", domains=("renamed.example",)),
    ]
    placed = [place(built.fitted, one, encoder) for one in late]
    changed = built.on(with_changes(built.fitted, placed, ["p004"]), encoder)
    assert found(changed, "quoka") == [("new", "fuzzy")]
    assert found(changed, "quokka.example", by="domain") == [("new", "domain")]
    assert found(changed, "renamed.example", by="domain") == [("p003", "domain")]
    assert found(changed, "Payments House 4", k=1) != [("p004", "exact")]
    assert found(changed, "Loyalty House 3", k=1) != [("p003", "exact")]
    assert found(built, "Loyalty House 3", k=1) == [("p003", "exact")]
    assert len(changed.search("house", 100).rows) == 38
    new = changed.search("logistics").rows[0]
    assert (new["name"], new["domain"], new["categories"]) == ("Quokka Logistics", "quokka.example", ["returns"])


def test_a_change_folds_no_built_name_again(encoder, monkeypatch):
    built = Matchmaker(encoder=encoder).fit(make_catalogue())
    built.search("house")
    seen = []
    monkeypatch.setattr("matchmaker.finding.fold", lambda text: seen.append(text) or text.lower())
    late = make_partner(50, id="new", name="Quokka")
    changed = built.on(with_changes(built.fitted, [place(built.fitted, late, encoder)]), encoder)
    assert found(changed, "quokka") == [("new", "exact")]
    assert sorted(seen) == ["Quokka", "new", "quokka"]


def test_a_bundle_is_searched_like_what_it_was_saved_from(engine, bundle):
    opened = Matchmaker.load(bundle)
    for query, by in [("returns", "name"), ("hose", "name"), ("p01", "name"), ("returns.example", "domain")]:
        assert opened.search(query, by=by).rows == engine.search(query, by=by).rows


def test_nobody_has_a_domain():
    directory = Directory(
        ["A"], ["a"], Matchmaker(encoder=WordEncoder()).fit([Partner(id="a", name="A")]).fitted.profiles
    )
    assert directory.domain(0) is None
    assert [len(texts.prefix("x").rows) for texts in directory.domains] == [0]


def test_an_answer_is_plain_data_and_a_frame(engine):
    answer = engine.search("house", 3)
    assert len(answer) == 3 == len(answer.to_frame())
    assert answer.to_dict()["rows"] == answer.rows and answer.to_dict()["by"] == "name"
