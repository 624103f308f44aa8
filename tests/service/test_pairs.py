"""Pairs: explained as by the engine, scored in order, as many as may be, each failure in its row."""

from __future__ import annotations

import pytest

from tests.service.conftest import NEW, pointers, problem
from tests.service.test_matches import plain


def batch(served, pairs):
    return served.api.post("/v1/scores:batch", json={"pairs": pairs})


def test_a_pair_is_explained_as_by_the_engine(sample, oracle):
    found = oracle.explain("shipbob", "loop-returns")
    answer = sample.api.get("/v1/pairs/shipbob/loop-returns")
    assert answer.json()["data"] == plain(found)
    assert answer.json()["warnings"] == found.notes


def test_the_other_side_is_another_answer(sample):
    one = sample.api.get("/v1/pairs/shipbob/loop-returns")
    other = sample.api.get("/v1/pairs/loop-returns/shipbob")
    assert one.headers["etag"] != other.headers["etag"]
    ours, theirs = one.json()["data"]["match"], other.json()["data"]["match"]
    assert ours["value_to_you"] == pytest.approx(theirs["value_to_them"])
    assert ours["mutual"] == pytest.approx(theirs["mutual"])
    assert (
        sample.api.get("/v1/pairs/shipbob/loop-returns", headers={"If-None-Match": one.headers["etag"]}).status_code
        == 304
    )


def test_a_partner_is_no_pair_with_itself(sample):
    assert pointers(problem(sample.api.get("/v1/pairs/shipbob/shipbob"), 422, "invalid_request")) == ["/path/b"]


@pytest.mark.parametrize("pair", ["nobody/shipbob", "shipbob/nobody"])
def test_both_partners_of_a_pair_must_stand(sample, pair):
    problem(sample.api.get(f"/v1/pairs/{pair}"), 404, "unknown_partner")


def test_scores_come_in_the_order_asked_as_by_the_engine(sample, oracle):
    ids = sorted(oracle.fitted.rows)[:40]
    pairs = [(a, b) for a in ids[:8] for b in reversed(ids) if a != b]
    expected = oracle.score_pairs(pairs).rows
    answer = batch(sample, [{"a": a, "b": b, "client_reference_id": f"{a}/{b}"} for a, b in pairs])
    rows = answer.json()["data"]
    assert [row.pop("client_reference_id") for row in rows] == [f"{a}/{b}" for a, b in pairs]
    assert rows == plain(expected)
    assert answer.json()["warnings"] == []


def test_a_pair_that_cannot_be_scored_harms_no_other(sample, oracle):
    pairs = [("shipbob", "nobody"), ("shipbob", "klaviyo"), ("klaviyo", "klaviyo"), ("ShipBob", "klaviyo")]
    answer = batch(sample, [{"a": a, "b": b} for a, b in pairs]).json()
    rows = answer["data"]
    assert [row["status"] for row in rows] == [
        "unknown partner nobody", "ok", "a and b are the same", "unknown partner ShipBob",
    ]  # fmt: skip
    assert [row["mutual"] is None for row in rows] == [True, False, True, True]
    assert rows[1]["mutual"] == pytest.approx(oracle.explain("shipbob", "klaviyo").match.mutual, abs=1e-6)
    assert answer["warnings"] == ["3 of 4 pairs could not be scored"]


def test_the_same_pair_twice_is_answered_twice(sample):
    rows = batch(sample, [{"a": "shipbob", "b": "klaviyo"}] * 2).json()["data"]
    assert len(rows) == 2 and rows[0] == rows[1]


def test_a_thousand_pairs_and_no_more(sample):
    ids = sorted(sample.inner.ecosystem.view.engine.fitted.rows)
    pairs = [{"a": ids[n % len(ids)], "b": ids[(n + 1 + n // len(ids)) % len(ids)]} for n in range(1000)]
    rows = batch(sample, pairs).json()["data"]
    assert [(row["a"], row["b"]) for row in rows] == [(one["a"], one["b"]) for one in pairs]
    assert all(row["status"] == "ok" for row in rows)
    assert pointers(problem(batch(sample, [*pairs, pairs[0]]), 422, "invalid_request")) == ["/pairs"]
    problem(batch(sample, []), 422, "invalid_request")


def test_a_partner_written_a_moment_ago_can_be_scored(served):
    served.api.post("/v1/partners", json={"id": "new", **NEW})
    (row,) = batch(served, [{"a": "new", "b": "p000"}]).json()["data"]
    assert row["status"] == "ok"
