"""Jobs: the same rows as the direct answers, in one file, whatever stops on the way."""

from __future__ import annotations

import io

import pyarrow.csv as csv
import pyarrow.parquet as parquet
import pytest

from matchmaker_service.jobs import kinds
from tests.service.conftest import NEW, eventually, pointers, problem

PAIRS = [{"a": f"p{a:03d}", "b": f"p{b:03d}", "client_reference_id": f"{a}-{b}"} for a in range(6) for b in range(6)]


def begin(api, **sent):
    answer = api.post("/v1/jobs", json=sent)
    assert answer.status_code == 202, answer.text
    told = answer.json()["data"]
    assert answer.headers["location"] == f"/v1/jobs/{told['id']}" and answer.headers["retry-after"] == "1"
    return told["id"]


def state(api, job):
    return api.get(f"/v1/jobs/{job}").json()["data"]


def ended(api, job):
    return eventually(lambda: (told := state(api, job))["status"] not in ("queued", "running") and told, 30)


def rows(api, job):
    """The rows of a job's result."""
    told = ended(api, job)
    assert told["status"] == "done", told
    assert told["result_href"] == f"/v1/jobs/{job}/result" and told["done"] == told["total"]
    answer = api.get(told["result_href"])
    name = f"matchmaker-{told['kind']}-{job}.{told['format']}"
    assert f'filename="{name}"' in answer.headers["content-disposition"]
    if told["format"] == "csv":
        assert answer.headers["content-type"].startswith("text/csv")
        return csv.read_csv(
            io.BytesIO(answer.content), convert_options=csv.ConvertOptions(strings_can_be_null=True)
        ).to_pylist()
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    return parquet.read_table(io.BytesIO(answer.content)).to_pylist()


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(kinds, "_PART", {"scores": 5, "matches": 2})


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_scores_are_the_direct_ones(api, small_parts, form):
    sent = [*PAIRS, {"a": "p000", "b": "nobody"}]
    direct = api.post("/v1/scores:batch", json={"pairs": sent}).json()
    job = begin(api, kind="scores", pairs=sent, format=form)
    found = rows(api, job)
    names = set(direct["data"][0])
    assert [{name: row[name] for name in names} for row in found] == direct["data"]
    assert {row["model_version"] for row in found} == {direct["meta"]["model_version"]}
    told = state(api, job)
    assert (told["total"], told["failed"], told["error"]) == (37, 7, None)


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_matches_are_the_direct_ones(api, small_parts, form):
    asked = {"k": 4, "popularity_weight": 0.8, "diversity": 0.1, "where": ["size>=100"]}
    partners = ["p003", "nobody", "p001", "p002"]
    found = rows(api, begin(api, kind="matches", partners=partners, format=form, **asked))
    expected = []
    for partner in partners:
        if partner == "nobody":
            expected.append((partner, None, None, None, None))
            continue
        for one in api.get(f"/v1/partners/{partner}/matches", params=asked).json()["data"]:
            expected.append((partner, one["rank"], one["partner"], one["mutual"], one["recommendation_id"]))
    assert [
        (row["partner"], row["rank"], row["match"], row["mutual"], row["recommendation_id"]) for row in found
    ] == expected
    assert [row["status"] for row in found if row["partner"] == "nobody"] == ["unknown partner nobody"]


def test_without_partners_all_are_listed_and_a_written_one_too(api):
    api.put("/v1/partners/new", json=NEW)
    found = rows(api, begin(api, kind="matches", k=1))
    assert [row["partner"] for row in found] == sorted([f"p{number:03d}" for number in range(40)] + ["new"])


def test_a_job_without_a_row_has_a_file_without_a_row(api):
    assert rows(api, begin(api, kind="matches", partners=["p000"], where=["category=nothing"])) == []


def test_jobs_are_listed_newest_first_by_status(api):
    jobs = [begin(api, kind="scores", pairs=PAIRS[:2]) for _ in range(3)]
    for job in jobs:
        ended(api, job)
    assert [one["id"] for one in api.get("/v1/jobs").json()["data"]] == jobs[::-1]
    assert [one["id"] for one in api.get("/v1/jobs?status=done&limit=2").json()["data"]] == jobs[:0:-1]
    assert api.get("/v1/jobs?status=failed").json()["data"] == []


@pytest.fixture
def held(monkeypatch):
    """Jobs stop before each part until they are let on."""
    import threading

    gate, inside = threading.Event(), threading.Event()
    real = kinds.done

    def done(*given):
        inside.set()
        assert gate.wait(20)
        return real(*given)

    monkeypatch.setattr(kinds, "done", done)
    yield inside, gate
    gate.set()


def test_a_job_that_runs_can_be_cancelled(api, held, small_parts):
    inside, gate = held
    job = begin(api, kind="scores", pairs=PAIRS)
    assert inside.wait(10)
    problem(api.get(f"/v1/jobs/{job}/result"), 409, "job_not_finished")
    answer = api.get(f"/v1/jobs/{job}")
    assert answer.headers["retry-after"] == "1" and answer.json()["data"]["result_href"] is None
    assert api.post(f"/v1/jobs/{job}:cancel").json()["data"]["status"] == "cancelled"
    gate.set()
    later = begin(api, kind="scores", pairs=PAIRS[:1])
    assert ended(api, later)["status"] == "done"
    assert state(api, job)["status"] == "cancelled"
    problem(api.get(f"/v1/jobs/{job}/result"), 409, "job_not_finished")
    problem(api.post(f"/v1/jobs/{job}:cancel"), 409, "job_finished")


def test_a_job_that_waits_can_be_cancelled(api, held):
    inside, gate = held
    first = begin(api, kind="scores", pairs=PAIRS)
    assert inside.wait(10)
    second = begin(api, kind="scores", pairs=PAIRS)
    assert api.post(f"/v1/jobs/{second}:cancel").json()["data"]["status"] == "cancelled"
    gate.set()
    assert ended(api, first)["status"] == "done" and state(api, second)["status"] == "cancelled"


def test_a_job_that_breaks_says_so_and_no_more(api, monkeypatch):
    def broken(*_):
        raise RuntimeError("the secret")

    monkeypatch.setattr(kinds, "done", broken)
    told = ended(api, begin(api, kind="scores", pairs=PAIRS))
    assert (told["status"], told["error"]) == ("failed", "It broke (RuntimeError).")


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_job_goes_on_after_a_restart(words, model, tmp_path, monkeypatch, form):
    """Stopped in the middle: the next service goes on, and every row is there once."""
    from matchmaker_service.settings import Settings
    from tests.service.conftest import running

    monkeypatch.setattr(kinds, "_PART", {"scores": 5, "matches": 2})
    real, count = kinds.done, []
    settings = Settings(model=model, data_dir=tmp_path / "data", log_level="error", encode_apart=False)
    with running(settings) as first:

        def slow(*given):
            count.append(1)
            if len(count) == 3:
                first.inner.runner._ended.set()
            return real(*given)

        monkeypatch.setattr(kinds, "done", slow)
        direct = first.api.post("/v1/scores:batch", json={"pairs": PAIRS}).json()["data"]
        job = begin(first.api, kind="scores", pairs=PAIRS, format=form)
        eventually(lambda: not first.inner.runner._thread.is_alive())
        told = state(first.api, job)
        assert (told["status"], told["done"], told["total"]) == ("running", 15, 36)
    with running(settings) as second:
        found = rows(second.api, job)
        assert len(count) == 8  # 36 pairs in parts of 5: none was done twice
        assert [row["client_reference_id"] for row in found] == [one["client_reference_id"] for one in PAIRS]
        assert [row["mutual"] for row in found] == [row["mutual"] for row in direct]
        assert state(second.api, job)["failed"] == 6
    assert sorted(path.suffix for path in (tmp_path / "data" / "jobs").iterdir()) == [f".{form}"]


def test_a_result_that_is_gone_is_told(served):
    job = begin(served.api, kind="scores", pairs=PAIRS[:1])
    ended(served.api, job)
    served.inner.runner.files(job).remove()
    problem(served.api.get(f"/v1/jobs/{job}/result"), 404, "not_found")


def test_jobs_of_others_are_not_there(served):
    ours, theirs, admin = served.key("read"), served.key("write"), served.key("admin")
    served.inner.door.refresh()
    api = served.api
    job = api.post("/v1/jobs", json={"kind": "scores", "pairs": PAIRS[:1]}, headers=ours).json()["data"]["id"]
    eventually(lambda: api.get(f"/v1/jobs/{job}", headers=ours).json()["data"]["status"] == "done")
    for method, path in (("GET", ""), ("GET", "/result"), ("POST", ":cancel")):
        problem(api.request(method, f"/v1/jobs/{job}{path}", headers=theirs), 404, "unknown_job")
    assert api.get("/v1/jobs", headers=theirs).json()["data"] == []
    assert (
        len(api.get("/v1/jobs", headers=ours).json()["data"])
        == len(api.get("/v1/jobs", headers=admin).json()["data"])
        == 1
    )
    assert api.get(f"/v1/jobs/{job}/result", headers=admin).status_code == 200


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"kind": "dance"}, [""]),
        ({"kind": "scores"}, ["/pairs"]),
        ({"kind": "scores", "pairs": []}, ["/pairs"]),
        ({"kind": "scores", "pairs": [{"a": "p000"}]}, ["/pairs/0/b"]),
        ({"kind": "scores", "pairs": PAIRS[:1], "k": 3}, ["/k"]),
        ({"kind": "scores", "pairs": PAIRS[:1], "format": "xls"}, ["/format"]),
        ({"kind": "matches", "partners": []}, ["/partners"]),
        ({"kind": "matches", "k": 101}, ["/k"]),
        ({"kind": "matches", "fit_type": "best"}, ["/fit_type"]),
    ],
)
def test_a_wrong_job_is_named(api, wrong, where):
    assert pointers(problem(api.post("/v1/jobs", json=wrong), 422, "invalid_request"))[:1] == where


def test_a_wrong_filter_is_told_before_the_job(api):
    problem(api.post("/v1/jobs", json={"kind": "matches", "where": ["colour=red"]}), 422, "invalid_filter")
    assert api.get("/v1/jobs").json()["data"] == []
