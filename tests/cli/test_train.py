"""`matchmaker train` and `evaluate` as processes would see them, on a bundle whose history can be learned from."""

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from matchmaker.cli.app import app
from matchmaker.errors import MissingExtraError, StorageError
from matchmaker.registry.bundle import current_version, versions
from matchmaker.store import relations
from matchmaker.store.database import Database
from matchmaker.training import train as training
from matchmaker.training import trial
from tests.training.conftest import COUNT, circles, ecosystem, relations_of


@pytest.fixture(autouse=True)
def one_split_of_each_kind(monkeypatch):
    """As where there are many links: enough for what is told, and quicker."""
    monkeypatch.setattr(trial, "FEW_LINKS", 0)


@pytest.fixture(scope="module")
def unlinked():
    """The same partners without a single relation."""
    return ecosystem(np.zeros((COUNT, COUNT)))


@pytest.fixture
def bundle(unlinked, tmp_path):
    unlinked.save(tmp_path / "bundle")
    return tmp_path / "bundle"


@pytest.fixture
def history(tmp_path):
    """A file of relations, some of its rows bad."""
    path = tmp_path / "history.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["a", "b", "type", "status"])
        rows.writerows([one.a, one.b, one.type, one.status] for one in relations_of(np.where(circles(), 0.5, 0.01)))
        rows.writerows([["p001", "p001", "partnership", "active"], ["p001", "nobody", "partnership", "active"]])
    return path


def run(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


def told(result):
    return json.loads(result.stdout)


def test_a_page_that_cannot_stand_is_told_before_anything_is_learned(bundle, history, tmp_path, monkeypatch):
    before = versions(bundle)
    (tmp_path / "file").write_text("in the way")
    for name in ("train", "evaluate"):
        result = run(name, "-m", bundle, "-r", history, "--html", tmp_path / "file" / "report.html")
        assert isinstance(result.exception, StorageError)
    monkeypatch.setattr("matchmaker.evaluation.page.find_spec", lambda name: None)
    for name in ("train", "evaluate"):
        result = run(name, "-m", bundle, "-r", history, "--html", tmp_path / "report.html")
        assert isinstance(result.exception, MissingExtraError)
    assert versions(bundle) == before and not (tmp_path / "report.html").exists()


def test_a_version_is_written_promoted_and_told(bundle, history, tmp_path):
    page = tmp_path / "out" / "report.html"
    result = run("train", "-m", bundle, "-r", history, "--promote", "--html", page, "--json")
    assert result.exit_code == 0, result.output
    facts = told(result)
    assert facts["gate"]["passed"] and facts["promoted"]
    assert current_version(bundle) == facts["version"] == versions(bundle)[1]
    assert facts["rows"]["relations"]["refused"] == 2
    assert facts["data"]["sources"] == {"bundle": 0, "relations": facts["data"]["links"]}
    assert facts["peak_memory_mb"] > 50 and facts["seconds"] > 0
    assert "with history" in page.read_text()
    listed = told(run("models", "list", "-m", bundle, "--json"))
    assert "learned" in json.dumps(listed)
    shown = " ".join(run("recommend", "p012", "-m", bundle, "-k", "3").output.split())
    assert "take turns" in shown and " %" in shown and "chance" in shown
    explained = " ".join(run("explain", "p003", "p040", "-m", bundle).output.split())
    assert "Chance of being seen as partners" in explained and "History, as p003 asks" in explained


def test_people_are_told_what_was_read_what_was_gained_and_what_is_next(bundle, history):
    result = run("train", "-m", bundle, "-r", history, "--dry-run")
    assert result.exit_code == 0, result.output
    for words in ("links of 160 partners", "With history against the prior", "may be released", "Nothing was written"):
        assert words in result.output
    assert len(versions(bundle)) == 1


def test_what_the_gate_refuses_is_written_but_not_promoted(bundle, tmp_path):
    path = tmp_path / "noise.csv"
    noise = relations_of(np.full((COUNT, COUNT), 0.06), seed=7)
    path.write_text("a,b,type\n" + "".join(f"{one.a},{one.b},{one.type}\n" for one in noise))
    before = current_version(bundle)
    result = run("train", "-m", bundle, "-r", path, "--promote")
    assert result.exit_code == 4
    assert "Refused: the prior stays." in result.output and "not current" in result.output
    assert f"compare {current_version(bundle)} " in result.output
    assert current_version(bundle) == before and len(versions(bundle)) == 2
    refused = run("models", "promote", versions(bundle)[1], "-m", bundle)
    assert refused.exception.code == "gate_refused" and current_version(bundle) == before


def test_the_store_is_learned_from(bundle, tmp_path):
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    database = Database(url)
    database.migrate()
    with database.writing() as writing:
        relations.put(writing, relations_of(np.where(circles(), 0.5, 0.01)))
    database.close()
    result = run("train", "-m", bundle, "--database", url, "--dry-run", "--json")
    assert result.exit_code == 0, result.output
    assert told(result)["data"]["sources"]["store: relations"] > 800


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("a,b,type\np000,p001,partnership\n", 2, "1 links are too few"),
        ("a,b,type\n", 2, "0 links are too few"),
        ("no,such,columns\n1,2,3\n", 3, "column_missing"),
        (b"\x00\xff\xfe\x00not a table", 3, "history.csv"),
    ],
)
def test_a_bad_history_is_one_error_and_changes_nothing(bundle, history, content, code, words):
    history.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = sorted(path.name for path in bundle.iterdir())
    result = run("train", "-m", bundle, "-r", history)
    told_error = result.output + str(result.exception or "")
    assert result.exit_code == code or getattr(result.exception, "exit_code", None) == code, result.output
    assert words in told_error or words == getattr(result.exception, "code", None)
    assert sorted(path.name for path in bundle.iterdir()) == before


def test_cut_off_in_the_middle_nothing_is_left(bundle, history, monkeypatch):
    def cut(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "save", cut)
    before = sorted(path.name for path in bundle.iterdir())
    run("train", "-m", bundle, "-r", history)
    assert sorted(path.name for path in bundle.iterdir()) == before


def test_evaluate_reads_every_baseline_and_changes_nothing(bundle, history, tmp_path):
    before = sorted(path.name for path in bundle.iterdir())
    page = tmp_path / "page.html"
    result = run("evaluate", "-m", bundle, "-r", history, "--json", "--html", page)
    assert result.exit_code == 0, result.output
    facts = told(result)
    warm = facts["reports"][0]
    assert set(warm["figures"]) == {
        "with history", "prior", "popularity", "random", "category", "TF-IDF cosine", "cosine", "whitened cosine",
        "Adamic-Adar", "SVD of log counts", "text-kNN", "EASE",
    }  # fmt: skip
    assert (
        warm["figures"]["with history"]["all.ndcg@10"]["estimate"]
        > warm["figures"]["random"]["all.ndcg@10"]["estimate"]
    )
    assert [point["popularity_weight"] for point in facts["popularity_weight"]] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert set(facts["probability"]) == {"warm", "cold"}
    assert "Adamic-Adar" in page.read_text()
    assert sorted(path.name for path in bundle.iterdir()) == before
    shown = run("evaluate", "-m", bundle, "-r", history).output
    assert "popularity_weight, with history" in shown and "EASE" in shown
