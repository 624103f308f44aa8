"""Matches are the engine's own, field by field, whatever is asked."""

from __future__ import annotations

import orjson
import pytest

from matchmaker import Partner
from matchmaker.ahead import make_lists
from matchmaker.profiles.schema import SIZE_BANDS
from tests.service.conftest import NEW, pointers, problem
from tests.service.test_health import sample as sample_of

ASKED = [
    {},
    {"k": 1},
    {"k": 100},
    {"fit_type": "competitor"},
    {"fit_type": "complement", "k": 5},
    {"motion": "technology"},
    {"motion": "refer"},
    {"relation": "collision"},
    {"popularity_weight": 0.0},
    {"popularity_weight": 1.0, "diversity": 0.0},
    {"diversity": 1.0},
    {"include_existing": True},
    {"explain": False},
]


def plain(found):
    """What an answer of the engine is as JSON."""
    return orjson.loads(orjson.dumps(found, option=orjson.OPT_SERIALIZE_NUMPY))


def get(served, partner, **asked):
    return served.api.get(f"/v1/partners/{partner}/matches", params=asked)


def without_ids(answer):
    """The matches of an answer without their recommendation ids."""
    rows = answer.json()["data"]
    for row in rows:
        del row["recommendation_id"]
    return rows


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_a_stored_partner_is_answered_as_by_the_engine(sample, oracle, asked):
    asked = {"explain": True, **asked}
    found = oracle.recommend("shipbob", **asked)
    answer = get(sample, "shipbob", **asked)
    told = answer.json()
    assert without_ids(answer) == plain(found.matches)
    assert told["warnings"] == found.notes
    assert told["meta"]["considered"] == found.considered
    assert told["meta"]["catalogue"] == found.catalogue
    assert told["meta"]["settings"] == plain(found.settings)
    assert told["meta"]["model_version"] == oracle.fitted.version
    assert told["pagination"] is None


@pytest.mark.parametrize(
    ("where", "filters"),
    [
        (["category=returns"], {"category": "returns"}),
        (["size>=1000", "size<=100000"], {"size": {"min": 1000, "max": 100000}}),
        (["exclude=klaviyo,loop-returns"], {"exclude": ["klaviyo", "loop-returns"]}),
    ],
)
def test_filters_hold(sample, oracle, where, filters):
    answer = get(sample, "shipbob", where=where, explain=True)
    assert without_ids(answer) == plain(oracle.recommend("shipbob", filters=filters).matches)


def test_reasons_are_told_to_those_who_ask(sample, oracle):
    bare = get(sample, "shipbob")
    assert without_ids(bare) == plain(oracle.recommend("shipbob", explain=False).matches)
    assert bare.json()["meta"]["settings"] == plain(oracle.recommend("shipbob").settings)
    told = get(sample, "shipbob", explain=True).json()["data"]
    assert [[side["receiver"] for side in row["sides"]] for row in told] == [
        ["shipbob", row["partner"]] for row in told
    ]


def test_only_the_fields_asked_for_are_answered(sample, oracle):
    rows = get(sample, "shipbob", fields="partner,mutual", k=3).json()["data"]
    expected = [{"partner": one.partner, "mutual": one.mutual} for one in oracle.recommend("shipbob", 3)]
    assert rows == expected
    told = problem(get(sample, "shipbob", fields="partner,secret"), 422, "invalid_request")
    assert pointers(told) == ["/query/fields"]


def test_each_match_has_an_id_that_says_what_it_is(sample):
    rows = get(sample, "shipbob", k=3).json()["data"]
    for rank, row in enumerate(rows, 1):
        said = sample.inner.signer.recommended(row["recommendation_id"])
        assert (said.partner, said.shown, said.rank) == ("shipbob", row["partner"], rank)
        assert said.model_version == sample.inner.ecosystem.view.version


def test_who_has_the_list_is_told_so(sample):
    first = get(sample, "shipbob", k=7)
    tag = first.headers["etag"]
    for named in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = sample.api.get("/v1/partners/shipbob/matches?k=7", headers={"If-None-Match": named})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert get(sample, "shipbob", k=8).headers["etag"] != tag
    assert get(sample, "klaviyo", k=7).headers["etag"] != tag
    assert sample.api.get("/v1/partners/shipbob/matches?k=7", headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_list_changes_its_tag_with_the_ecosystem(served):
    tag = get(served, "p000").headers["etag"]
    served.api.patch("/v1/partners/p007", json={"name": "Other"})
    served.settled()
    again = served.api.get("/v1/partners/p000/matches", headers={"If-None-Match": tag})
    assert again.status_code == 200 and again.headers["etag"] != tag


def test_one_compressed_answer_is_the_plain_one(sample):
    packed = sample.api.get("/v1/partners/shipbob/matches", headers={"Accept-Encoding": "gzip"})
    bare = sample.api.get("/v1/partners/shipbob/matches", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in bare.headers
    assert packed.json() == bare.json()


@pytest.mark.parametrize("partner", ["nobody", "ShipBob", "shipbo", "SHIPBOB"])
def test_a_name_is_not_an_id(sample, partner):
    told = problem(get(sample, partner), 404, "unknown_partner")
    problem(sample.api.post("/v1/matches:query", json={"partner": partner}), 404, "unknown_partner")
    problem(sample.api.get(f"/v1/pairs/{partner}/klaviyo"), 404, "unknown_partner")
    if partner != "nobody":
        assert "shipbob" in told["detail"]


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("k=0", "/query/k"),
        ("k=101", "/query/k"),
        ("k=ten", "/query/k"),
        ("fit_type=best", "/query/fit_type"),
        ("motion=slow", "/query/motion"),
        ("popularity_weight=1.1", "/query/popularity_weight"),
        ("popularity_weight=nan", "/query/popularity_weight"),
        ("diversity=-0.1", "/query/diversity"),
        ("include_existing=perhaps", "/query/include_existing"),
        ("explain=2", "/query/explain"),
        ("limit=5", "/query/limit"),
        ("K=5", "/query/K"),
        ("where=" + "x" * 501, "/query/where/0"),
        ("&".join(["where=size>=1"] * 21), "/query/where"),
    ],
)
def test_a_wrong_or_unknown_parameter_is_named(sample, query, where):
    told = problem(sample.api.get(f"/v1/partners/shipbob/matches?{query}"), 422, "invalid_request")
    assert pointers(told) == [where]


@pytest.mark.parametrize("where", ["", "=", "colour=red", "size=big", "size>=nan", "category", "extra.nothing=1"])
def test_a_wrong_filter_is_refused(sample, where):
    problem(get(sample, "shipbob", where=where), 422, "invalid_filter")


@pytest.mark.parametrize(
    "filters",
    [
        {"colour": "red"},
        {"size": {"min": "x"}},
        {"size": 1e400},
        {"category": {"a": {"b": [1]}}},
        {"category": [["returns"]]},
        {"relation": {"with": ["friends"], "of": ["x"]}},
        {"include": [{"a": 1}]},
        {"size": None},
        {"extra.": 1},
    ],
    ids=str,
)
def test_a_wrong_filter_of_a_question_is_refused(sample, filters):
    asked = {"partner": "shipbob", "filters": filters}
    sent = orjson.dumps(asked) if filters != {"size": 1e400} else b'{"partner":"shipbob","filters":{"size":1e400}}'
    answer = sample.api.post("/v1/matches:query", content=sent, headers={"content-type": "application/json"})
    problem(answer, 422, "invalid_filter")


def test_a_filter_of_odd_values_is_answered(calm):
    for filters in ({"exclude": 7}, {"include": "p001"}, {"category": 5}, {"size": {"min": 2**60}}):
        assert calm.api.post("/v1/matches:query", json={"partner": "p000", "filters": filters}).status_code == 200
    sent = b'{"partner":"p000","filters":{"size":{"min":NaN}}}'
    answer = calm.api.post("/v1/matches:query", content=sent, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"like": ["loop-returns"]},
        {"unlike": ["loop-returns"], "k": 20},
        {"like": ["loop-returns"], "unlike": ["klaviyo"]},
        {"weights": {"audience": 5.0, "gain": 0.0}},
        {"filters": {"category": ["returns"]}, "fit_type": "complement"},
        {"explain": False, "include_existing": True},
    ],
    ids=str,
)
def test_a_question_about_a_stored_partner_is_answered_as_by_the_engine(sample, oracle, asked):
    asked = {"explain": True, **asked}
    found = oracle.recommend("shipbob", **asked)
    answer = sample.api.post("/v1/matches:query", json={"partner": "shipbob", **asked})
    assert without_ids(answer) == plain(found.matches)
    assert answer.json()["meta"]["settings"] == plain(found.settings)
    assert answer.json()["warnings"] == found.notes


def test_a_profile_that_is_nowhere_stored_is_answered_as_by_the_engine(calm):
    engine = calm.inner.ecosystem.view.engine
    found = engine.recommend(Partner(id="anonymous", **NEW), 5)
    answer = calm.api.post("/v1/matches:query", json={"profile": NEW, "k": 5, "explain": True})
    assert all(row["recommendation_id"] is None for row in answer.json()["data"])
    assert without_ids(answer) == plain(found.matches)
    assert len(found.matches) == 5
    problem(calm.api.get("/v1/partners/anonymous"), 404, "unknown_partner")


def test_a_question_answers_the_fields_asked_for(calm):
    rows = calm.api.post("/v1/matches:query", json={"partner": "p000", "fields": ["partner"], "k": 2}).json()["data"]
    assert [set(row) for row in rows] == [{"partner"}] * 2
    told = problem(
        calm.api.post("/v1/matches:query", json={"partner": "p000", "fields": ["x"]}), 422, "invalid_request"
    )
    assert pointers(told) == ["/fields"]


@pytest.mark.parametrize("wrong", [{}, {"partner": "p000", "profile": NEW}])
def test_a_question_is_about_one_partner(calm, wrong):
    problem(calm.api.post("/v1/matches:query", json=wrong), 422, "invalid_request")


@pytest.mark.parametrize("name", ["like", "unlike"])
def test_an_example_is_a_stored_partner_by_id(calm, name):
    for unknown in ("nobody", "Returns House 0"):
        asked = {"partner": "p000", name: [unknown]}
        problem(calm.api.post("/v1/matches:query", json=asked), 404, "unknown_partner")


@pytest.mark.parametrize("weights", [{"colour": 1.0}, {"audience": -1.0}, {"audience": "x"}])
def test_wrong_weights_are_refused(calm, weights):
    answer = calm.api.post("/v1/matches:query", json={"partner": "p000", "weights": weights})
    assert (answer.status_code, answer.json()["code"]) in ((422, "invalid_setting"), (422, "invalid_request"))


def test_filters_of_size_bands_list_each_partner_in_one_band(sample, oracle):
    found = [
        {
            one["partner"]
            for one in get(sample, "shipbob", where=f"size_band={band}", k=100, fields="partner").json()["data"]
        }
        for band in SIZE_BANDS
    ]
    assert sum(map(len, found)) == len(set().union(*found)) > 0


def test_lists_made_ahead_are_the_ones_that_are_asked_for(start, model):
    make_lists(model, processes=1)
    served = start()
    for number in range(40):
        made = get(served, f"p{number:03d}")
        found = served.inner.ecosystem.view.engine.recommend(f"p{number:03d}", explain=False)
        assert made.json()["warnings"] == found.notes
        assert made.json()["meta"]["settings"] == plain(found.settings)
        assert without_ids(made) == plain(found.matches)
        again = served.api.get(f"/v1/partners/p{number:03d}/matches", headers={"If-None-Match": made.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    text = served.api.get("/metrics").text
    assert sample_of(text, "matchmaker_answers_total", source="made ahead") >= 40
    bound = served.key("read", partner="p005")
    served.inner.door.refresh()
    problem(get(served, "p006"), 401, "key_missing")
    problem(served.api.get("/v1/partners/p006/matches", headers=bound), 403, "partner_bound_key")
    assert served.api.get("/v1/partners/p005/matches", headers=bound).status_code == 200
    problem(
        served.api.get("/v1/partners/p006/matches", headers=served.key("write", partner="p005")),
        403,
        "partner_bound_key",
    )
    problem(served.api.get("/v1/partners/p006/matches", headers={"X-API-Key": "mm_a_b"}), 401, "key_invalid")
