"""Health, readiness and metrics: what machines ask every few seconds."""

from __future__ import annotations

import pytest

from matchmaker.errors import EncoderError, StoreError
from matchmaker_service import metrics
from tests.conftest import WordEncoder
from tests.service.conftest import NEW, eventually, problem


def sample(text, name, **labels):
    """The value of a metric in an exposition, 0.0 where it is not told."""
    wanted = {f'{key}="{value}"' for key, value in labels.items()}
    for line in text.splitlines():
        head, _, value = line.rpartition(" ")
        known, _, rest = head.partition("{")
        if known == name and set(filter(None, rest.rstrip("}").split(","))) == wanted:
            return float(value)
    return 0.0


def test_a_running_service_is_alive_and_ready(served):
    assert served.api.get("/livez").json() == {"status": "alive"}
    told = served.api.get("/readyz").json()
    view = served.inner.ecosystem.view
    assert told["status"] == "ready" and told["reasons"] == []
    assert (told["model_version"], told["change"], told["unplaced"]) == (view.version, view.change, 0)
    assert told["integrity"] in ("checking", "intact")
    assert served.api.get("/healthz").json() == told


def test_without_its_store_it_is_not_ready_and_says_nothing_of_where_it_is(served, monkeypatch):
    def gone(*_):
        raise StoreError("The store postgresql://secret refused")

    with monkeypatch.context() as patch:
        patch.setattr(served.inner.database, "ping", gone)
        patch.setattr(served.inner.database, "newest", gone)
        eventually(lambda: served.inner.ecosystem.trouble)
        answer = served.api.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["reasons"] == ["the store is not to be reached", "the store cannot be followed"]
        assert "secret" not in answer.text
        assert served.api.get("/livez").status_code == 200
        assert served.api.get("/v1/partners/p000/matches?k=4").status_code == 200
    eventually(lambda: served.api.get("/readyz").status_code == 200)


def test_a_service_that_is_told_to_stop_is_not_ready(served, monkeypatch):
    monkeypatch.setattr(served.inner, "draining", True)
    answer = served.api.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["the service was told to stop"])


def test_a_partner_that_cannot_be_placed_harms_no_other_and_comes_later(served, monkeypatch):
    real = WordEncoder.encode

    def picky(self, texts, **more):
        if any("broken" in text for text in texts):
            raise EncoderError("no vector for this")
        return real(self, texts, **more)

    with monkeypatch.context() as patch:
        patch.setattr(WordEncoder, "encode", picky)
        served.api.put("/v1/partners/bad", json={**NEW, "description": "all broken"})
        served.api.put("/v1/partners/good", json={**NEW, "name": "Good"})
        answer = served.api.get("/v1/partners/bad/matches")
        problem(answer, 503, "not_ready")
        assert int(answer.headers["retry-after"]) >= 1
        assert served.api.get("/v1/partners/bad").status_code == 200
        assert served.api.get("/v1/partners/good/matches").status_code == 200
        told = served.api.get("/readyz").json()
        assert (told["status"], told["unplaced"]) == ("ready", 1)
    eventually(lambda: served.api.get("/v1/partners/bad/matches").status_code == 200)
    eventually(lambda: served.api.get("/readyz").json()["unplaced"] == 0)


def test_metrics_count_requests_by_route_and_status(served):
    def read():
        answer = served.api.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        return answer.text

    name = "matchmaker_requests_total"
    good = {"route": "/v1/partners/{partner}", "method": "GET", "status": "200"}
    missing, stray = {**good, "status": "404"}, {"route": "unknown", "method": "any", "status": "404"}
    before = read()
    for path in ("p000", "p001", "nobody"):
        served.api.get(f"/v1/partners/{path}")
    served.api.get("/a/b/c")
    served.api.get("/d/e/f")
    after = read()
    assert [sample(after, name, **one) - sample(before, name, **one) for one in (good, missing, stray)] == [2, 1, 2]
    timed = "matchmaker_request_seconds_count"
    assert sample(after, timed, route=good["route"]) - sample(before, timed, route=good["route"]) == 3
    assert sample(after, "matchmaker_partners") == 40


def test_metrics_tell_every_stage(served):
    def counts():
        text = served.api.get("/metrics").text
        names = ("wait", "score", "encode", "store")
        return {name: sample(text, "matchmaker_stage_seconds_count", stage=name) for name in names}

    before = counts()
    served.api.get("/v1/partners/p000/matches?k=9")
    served.api.post("/v1/matches:query", json={"profile": NEW})
    served.api.put("/v1/partners/new", json=NEW)
    after = counts()
    assert {name: after[name] - before[name] for name in after} == {"wait": 2, "score": 1, "encode": 1, "store": 1}


def test_an_answer_at_hand_is_told_apart(served):
    def count(source):
        return sample(served.api.get("/metrics").text, "matchmaker_answers_total", source=source)

    before = count("asked"), count("at hand")
    for _ in range(3):
        served.api.get("/v1/partners/p000/matches?k=11")
    assert (count("asked") - before[0], count("at hand") - before[1]) == (1, 2)


@pytest.mark.parametrize("metric", list(metrics.registry.collect()), ids=lambda metric: metric.name)
def test_every_metric_says_what_it_is(metric):
    assert metric.name.startswith("matchmaker_") and metric.documentation.endswith(".")
