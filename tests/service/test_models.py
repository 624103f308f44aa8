"""Models: exchanged under load, refused where they are not whole, freed when nobody needs them."""

from __future__ import annotations

import dataclasses
import gc
import shutil
import threading
import weakref

import pytest

from matchmaker.registry import versions as registry
from matchmaker.registry.bundle import current_version, make_current, versions
from matchmaker.registry.promotions import read
from tests.registry.learned import FAME, WORSE, history, learned
from tests.service.conftest import NEW, eventually, problem


@pytest.fixture
def pair(model):
    """The first version, which is current, and the later one, which has a partner more."""
    first, second = versions(model)
    assert current_version(model) == first
    return first, second


def version(served):
    return served.api.get("/v1/partners/p000/matches?k=1").json()["meta"]["model_version"]


def test_all_versions_are_told(start, pair):
    served = start()
    rows = served.api.get("/v1/models").json()["data"]
    assert [(row["version"], row["state"], row["partners"]) for row in rows] == [
        (pair[0], "in use", 40),
        (pair[1], "at hand", 41),
    ]
    assert rows[0]["integrity"] in ("checking", "intact") and rows[1]["integrity"] is None
    assert served.api.get(f"/v1/models/{pair[1]}").json()["data"] == rows[1]
    problem(served.api.get("/v1/models/20000101T000000000000-00000000"), 404, "unknown_model")


def test_another_version_answers_from_one_moment_to_the_next(start, url, model, pair):
    served = start(database=url)
    served.api.put("/v1/partners/new", json=NEW)
    problem(served.api.get("/v1/partners/later/matches"), 404, "unknown_partner")
    told = served.api.post(f"/v1/models/{pair[1]}:activate").json()["data"]
    assert told == {"version": pair[1], "before": pair[0]}
    assert current_version(model) == pair[1] == version(served)
    assert served.api.get("/v1/partners/later/matches").status_code == 200
    assert served.api.get("/v1/partners/new/matches").status_code == 200  # what was written goes along
    assert [row["state"] for row in served.api.get("/v1/models").json()["data"]] == ["at hand", "in use"]
    assert served.api.post(f"/v1/models/{pair[1]}:activate").json()["data"] == {"version": pair[1], "before": pair[1]}


def test_back_to_the_version_before_and_forth_again(start, model, pair):
    served = start()
    problem(served.api.post("/v1/models:rollback"), 409, "nothing_to_roll_back")
    served.api.post(f"/v1/models/{pair[1]}:activate")
    assert served.api.post("/v1/models:rollback").json()["data"] == {"version": pair[0], "before": pair[1]}
    assert version(served) == pair[0] == current_version(model)
    assert served.api.post("/v1/models:rollback").json()["data"]["version"] == pair[1]
    actions = [one["action"] for one in served.api.get("/v1/audit").json()["data"]]
    assert actions == ["model.activate", "model.retire"] * 3


def test_a_version_that_is_gone_is_no_version_to_roll_back_to(start, model, pair):
    served = start()
    served.api.post(f"/v1/models/{pair[1]}:activate")
    shutil.rmtree(model / pair[0])
    problem(served.api.post("/v1/models:rollback"), 409, "nothing_to_roll_back")
    assert version(served) == pair[1]


def damage(folder, how):
    if how == "manifest":
        (folder / "manifest.json").write_text("{}")
    elif how == "cut":
        path = max(folder.glob("*.npy"), key=lambda one: one.stat().st_size)
        path.write_bytes(path.read_bytes()[:-10])
    elif how == "golden":
        path = folder / "golden.json"
        path.write_text(path.read_text().replace("0.", "1."))
    else:
        next(folder.glob("*.npy")).unlink()


@pytest.mark.parametrize("how", ["manifest", "cut", "golden", "missing"])
def test_a_damaged_version_is_refused_and_the_one_in_use_goes_on(start, model, pair, how):
    served = start()
    damage(model / pair[1], how)
    answer = served.api.post(f"/v1/models/{pair[1]}:activate")
    if answer.status_code == 404:
        problem(answer, 404, "unknown_model")
    else:
        problem(answer, 409, "bundle_corrupt")
    assert current_version(model) == pair[0] == version(served)
    assert served.api.get("/readyz").status_code == 200
    told = {row["version"]: row for row in served.api.get("/v1/models").json()["data"]}
    assert told[pair[0]]["state"] == "in use"
    assert told.get(pair[1], {"state": "unusable"})["state"] in ("unusable", "at hand")
    assert [one["action"] for one in served.api.get("/v1/audit").json()["data"]] == []


def test_what_another_process_made_current_is_followed(start, model, pair):
    first, second = start(), start()
    make_current(model, pair[1])
    eventually(lambda: version(first) == version(second) == pair[1])
    first.api.post(f"/v1/models/{pair[0]}:activate")
    assert version(first) == pair[0]
    eventually(lambda: version(second) == pair[0])


def test_a_damaged_version_that_is_made_current_is_not_followed(start, model, pair):
    served = start()
    damage(model / pair[1], "cut")
    make_current(model, pair[1])
    eventually(lambda: served.inner.ecosystem._unusable == pair[1])
    assert version(served) == pair[0]
    assert served.api.get("/readyz").status_code == 200
    make_current(model, pair[0])
    assert served.api.post(f"/v1/models/{pair[0]}:activate").status_code == 200


def test_the_one_that_was_in_use_is_freed(start, pair):
    """Also the first one, which was there before gc.freeze."""
    served = start()
    for wanted in (pair[1], pair[0]):
        served.api.get("/v1/partners/p000/matches")
        served.api.put(f"/v1/partners/new-{wanted[:4]}", json=NEW)
        served.settled()
        eventually(lambda: served.inner.ecosystem.view.engine.integrity.state == "intact")
        gone = [weakref.ref(one) for one in (served.inner.ecosystem.view, served.inner.ecosystem._built_engine.fitted)]
        served.api.post(f"/v1/models/{wanted}:activate")
        eventually(lambda gone=gone: gc.collect() is not None and [one() for one in gone] == [None, None])


def test_under_load_no_request_fails_and_none_is_of_both(start, pair):
    served = start()
    ended, wrong, told = threading.Event(), [], set()

    def ask(number):
        step = 0
        while not ended.is_set():
            step += 1
            answer = served.api.get(f"/v1/partners/p0{number}{step % 10}/matches?k=5")
            if answer.status_code != 200:
                wrong.append(answer.text)
                return
            meta = answer.json()["meta"]
            told.add((meta["model_version"], meta["catalogue"]))

    def write():
        step = 0
        while not ended.is_set():
            step += 1
            answer = served.api.patch("/v1/partners/p039", json={"name": f"Name {step}"})
            if answer.status_code != 200:
                wrong.append(answer.text)
                return

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)] + [threading.Thread(target=write)]
    for thread in threads:
        thread.start()
    for wanted in (pair[1], pair[0]) * 2:
        assert served.api.post(f"/v1/models/{wanted}:activate").status_code == 200
    ended.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert told <= {(pair[0], 40), (pair[1], 41)}


def test_swaps_are_counted(start, model, pair):
    from tests.service.test_health import sample

    served = start()

    def counts():
        text = served.api.get("/metrics").text
        return [sample(text, "matchmaker_bundle_swaps_total", result=result) for result in ("done", "failed")]

    before = counts()
    served.api.post(f"/v1/models/{pair[1]}:activate")
    damage(model / pair[0], "cut")
    served.api.post(f"/v1/models/{pair[0]}:activate")
    assert [now - then for now, then in zip(counts(), before, strict=True)] == [1, 1]


def test_a_bundle_whose_files_change_under_the_service_stops_it_answering(start, pair):
    """From the moment it is known, no list is asked of a file that is not the one that was checked."""
    served = start()
    check = served.inner.ecosystem.view.engine.integrity
    assert check.wait(20) == "intact"
    check._found = ["/secret/x.npy has changed"]
    answer = served.api.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["the bundle in use has changed on disk"])
    assert served.api.get("/v1/partners/p000/matches?k=5").json()["code"] == "bundle_corrupt"
    assert served.api.get(f"/v1/models/{pair[0]}").json()["data"]["integrity"] == "corrupt"
    assert served.api.post(f"/v1/models/{pair[1]}:activate").status_code == 200
    assert served.api.get("/readyz").status_code == 200
    assert served.api.get("/v1/partners/p000/matches?k=5").json()["meta"]["model_version"] == pair[1]


def test_a_retried_activation_or_roll_back_is_answered_and_not_done_again(start, model, pair):
    served = start()
    there, back = ({"Idempotency-Key": one} for one in ("there", "back"))
    first = served.api.post(f"/v1/models/{pair[1]}:activate", headers=there)
    rolled = served.api.post("/v1/models:rollback", headers=back)
    again = served.api.post(f"/v1/models/{pair[1]}:activate", headers=there)
    assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
    assert version(served) == pair[0] == current_version(model)
    assert served.api.post("/v1/models:rollback", headers=back).json() == rolled.json()
    assert version(served) == pair[0]


def test_back_to_the_version_before_one_that_a_build_made_current(start, model, pair):
    served = start()
    make_current(model, pair[1])
    eventually(lambda: version(served) == pair[1])
    assert served.api.post("/v1/models:rollback").json()["data"] == {"version": pair[0], "before": pair[1]}


@pytest.fixture
def behind_the_gate(start, model, pair, monkeypatch):
    """A service, with a version that passed the gate and one that was refused. Both answer as the first one does."""
    learned(model, "passed", passed=True)
    learned(model, "refused", passed=False)
    served = start()
    ecosystem = served.inner.ecosystem
    load = ecosystem._loaded

    def loaded(folder):
        engine = load(model / pair[0] if folder.name in ("passed", "refused") else folder)
        return engine.on(dataclasses.replace(engine.fitted, version=folder.name), engine.encoder)

    monkeypatch.setattr(ecosystem, "_loaded", loaded)
    return served


def test_what_the_gate_refused_is_not_activated(behind_the_gate, model, pair):
    api = behind_the_gate.api
    for body in ({}, {"reason": "I want it"}, {"force": False}):
        told = problem(api.post("/v1/models/refused:activate", json=body), 409, "gate_refused")
        assert WORSE in told["detail"] and FAME in told["detail"]
    problem(api.post("/v1/models/refused:activate"), 409, "gate_refused")
    assert version(behind_the_gate) == pair[0] == current_version(model)
    assert read(model) == ([], 0)
    assert api.get("/v1/audit").json()["data"] == []
    shown = {row["version"]: row for row in api.get("/v1/models").json()["data"]}
    assert (shown[pair[0]]["basis"], shown[pair[0]]["gate"]) == ("prior", None)
    assert (shown["refused"]["basis"], shown["refused"]["gate"]) == ("learned", history(False)["gate"])


def test_what_passed_the_gate_is_activated_and_that_is_recorded(behind_the_gate, model, pair):
    assert behind_the_gate.api.post("/v1/models/passed:activate").json()["data"] == {
        "version": "passed",
        "before": pair[0],
    }
    assert version(behind_the_gate) == "passed" == current_version(model)
    (change,) = read(model)[0]
    assert (change.how, change.before, change.to, change.gate_passed) == ("promote", pair[0], "passed", True)


def test_force_needs_a_reason_and_is_recorded_with_who_asked(behind_the_gate, model, pair):
    api, headers = behind_the_gate.api, behind_the_gate.key("admin")

    eventually(lambda: api.get("/v1/models").status_code == 401)  # it has noticed that there is a key

    def activate(**body):
        return api.post("/v1/models/refused:activate", json=body, headers=headers)

    for reason in (None, "", " "):
        problem(activate(force=True, reason=reason), 422, "invalid_setting")
    for wrong in ({"force": "true"}, {"force": 1}, {"reason": "x" * 501}, {"forced": True}):
        problem(activate(**wrong), 422, "invalid_request")
    assert current_version(model) == pair[0]
    assert activate(force=True, reason="a trial").json()["data"] == {"version": "refused", "before": pair[0]}
    (change,) = read(model)[0]
    owner = change.by
    assert {row["owner"] for row in api.get("/v1/audit", headers=headers).json()["data"]} == {owner} != {"open"}
    assert (change.forced, change.reason, change.gate_passed) == (True, "a trial", False)
    assert api.post("/v1/models:rollback", headers=headers).json()["data"]["version"] == pair[0]
    assert [(one.how, one.by) for one in read(model)[0]] == [("promote", owner), ("rollback", owner)]


def test_a_file_that_has_changed_is_found_before_its_version_answers(start, model, pair, monkeypatch):
    """Also in a file that is not hashed when a bundle is opened, and also by force."""
    served = start()
    monkeypatch.setattr("matchmaker.registry.bundle.SMALL", 16)
    path = model / pair[1] / "partners.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    sent = {"force": True, "reason": "never mind"}
    told = problem(served.api.post(f"/v1/models/{pair[1]}:activate", json=sent), 409, "bundle_corrupt")
    assert "partners.parquet" in told["detail"]
    assert version(served) == pair[0] == current_version(model)


def test_what_the_command_line_changed_is_rolled_back_over_http_and_back(start, model, pair):
    served = start()
    registry.promote(model, pair[1])
    eventually(lambda: version(served) == pair[1])
    assert served.api.post("/v1/models:rollback").json()["data"] == {"version": pair[0], "before": pair[1]}
    assert registry.rollback(model)["version"] == pair[1]
    eventually(lambda: version(served) == pair[1])
