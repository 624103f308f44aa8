"""Impressions and outcomes are joined by the id of a recommendation, and only by one that was given here."""

from __future__ import annotations

import datetime as dt

from tests.service.conftest import pointers, problem


def tokens(api, partner="p000", k=3):
    return [one["recommendation_id"] for one in api.get(f"/v1/partners/{partner}/matches?k={k}").json()["data"]]


def show(api, *given, **more):
    return api.post("/v1/impressions", json={"impressions": [{"recommendation_id": one, **more} for one in given]})


def tell(api, token, outcome="accepted", **more):
    return api.post("/v1/feedback", json={"recommendation_id": token, "outcome": outcome, **more})


def listed(api, **asked):
    return api.get("/v1/feedback", params=asked).json()["data"]


def test_asking_records_nothing(api):
    tokens(api)
    assert listed(api) == []


def test_what_was_shown_is_kept_once(api):
    given = tokens(api)
    assert show(api, *given).json()["data"] == {"added": 3, "known": 0}
    assert show(api, given[0], given[0]).json()["data"] == {"added": 0, "known": 2}
    rows = listed(api)
    assert [row["recommendation_id"] for row in rows] == given
    assert [row["rank"] for row in rows] == [1, 2, 3]
    assert {row["partner"] for row in rows} == {"p000"} and all(row["outcome"] is None for row in rows)


def test_the_last_outcome_is_told(api):
    (token,) = tokens(api, k=1)
    show(api, token, shown_at="2026-01-01T10:00:00+02:00")
    assert tell(api, token, at="2026-01-02T00:00:00Z", note="met").json()["data"] == {"added": 1, "known": 0}
    assert tell(api, token, at="2026-01-03T00:00:00Z").json()["data"] == {"added": 0, "known": 1}
    tell(api, token, "activated", at="2026-03-01T00:00:00Z")
    (row,) = listed(api)
    assert (row["outcome"], row["note"]) == ("activated", None)
    assert dt.datetime.fromisoformat(row["shown_at"]) == dt.datetime(2026, 1, 1, 8, tzinfo=dt.UTC)


def test_an_outcome_may_come_before_its_impression(api):
    (token,) = tokens(api, k=1)
    tell(api, token, "declined")
    (row,) = listed(api)
    assert row["outcome"] == "declined" and row["shown_at"] == row["outcome_at"]  # it was seen by then at the latest
    show(api, token)
    assert listed(api) == [row]


def test_it_is_listed_by_who_asked(api):
    ours, theirs = tokens(api, "p000", 1), tokens(api, "p001", 2)
    show(api, *ours, *theirs)
    assert [row["recommendation_id"] for row in listed(api, partner="p001")] == theirs


def test_an_id_that_was_not_given_here_is_refused(api):
    (token,) = tokens(api, k=1)
    for wrong in ("x", token + "A", token[:-1], token[1:]):
        assert pointers(problem(tell(api, wrong), 422, "invalid_recommendation_id")) == ["/recommendation_id"]
        told = problem(show(api, token, wrong), 422, "invalid_recommendation_id")
        assert pointers(told) == ["/impressions/1/recommendation_id"]
    assert listed(api) == []


def test_an_id_outlives_the_partner_that_it_names(served):
    (token,) = tokens(served.api, k=1)
    shown = served.inner.signer.recommended(token).shown
    served.api.delete(f"/v1/partners/{shown}")
    served.settled()
    assert show(served.api, token).json()["data"]["added"] == 1


def test_wrong_outcomes_and_times_are_named(api):
    (token,) = tokens(api, k=1)
    assert pointers(problem(tell(api, token, "perhaps"), 422, "invalid_request")) == ["/outcome"]
    assert pointers(problem(tell(api, token, at="2026-01-02T00:00:00"), 422, "invalid_request")) == ["/at"]
    assert pointers(problem(show(api, token, shown_at="now"), 422, "invalid_request")) == ["/impressions/0/shown_at"]
