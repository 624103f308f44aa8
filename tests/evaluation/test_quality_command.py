from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from tests.conftest import THINGS, WordEncoder

ROOT = Path(__file__).parents[2]
TOPICS = ("email campaigns newsletters", "warehouse stock shipping", "reviews ratings photos", "search filters menus")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Forty apps of four topics; a store takes apps of one topic, so text and accounts both tell."""
    rng = np.random.default_rng(0)
    topic = np.arange(40) % 4
    folder = tmp_path / "shopify_apps"
    folder.mkdir()
    pd.DataFrame(
        {
            "id": [f"app{k}" for k in range(40)],
            "name": [f"App {k}" for k in range(40)],
            "description": [TOPICS[t] for t in topic],
            "categories": [[f"cat{t}"] for t in topic],
            "key_benefits": [["fast"]] * 40,
            "plan_features": [[]] * 40,
            "reviews_count": 1,
        }
    ).to_parquet(folder / "partners.parquet")
    rows = [
        (f"app{app}", f"store{store}", 5.0)
        for store in range(800)
        for app in rng.choice(np.flatnonzero(topic == store % 4), 3, replace=False)
    ]
    pd.DataFrame(rows, columns=["partner", "account", "rating"]).to_parquet(folder / "accounts.parquet")
    pd.DataFrame({"a": ["app0"], "b": ["app4"]}).to_parquet(folder / "suspect_pairs.parquet")
    return tmp_path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "benchmarks.quality", *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_prints_three_reads_and_writes_json(shop, tmp_path):
    out = tmp_path / "figures.json"
    arguments = ["--eval", str(shop), "--dataset", "shopify", "--encoder", "none", "--seeds", "1"]
    done = run(*arguments, "--baselines-only", "--json", str(out))
    assert done.returncode == 0, done.stderr
    for wanted in ("all.ndcg@10", "savanna.ndcg@10", "tail.recall@10", "EASE (accounts)", "TF-IDF cosine"):
        assert wanted in done.stdout
    figures = json.loads(out.read_text())["results"][0]["figures"]
    text, noise = (figures[name]["all.ndcg@10"]["estimate"] for name in ("TF-IDF cosine", "random"))
    assert text > noise + 0.3
    assert "MiniLM cosine" not in figures


def test_a_missing_folder_is_named(tmp_path):
    done = run("--eval", str(tmp_path), "--dataset", "saas")
    assert done.returncode != 0
    assert "saas_integrations" in done.stderr


def test_the_engine_enters_by_the_hook_and_is_cut_to_the_candidates(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    hook = importlib.import_module("benchmarks.quality.hook")
    plan = importlib.import_module("benchmarks.quality.plan").Plan()
    scores = np.arange(25.0).reshape(5, 5)
    engine = ModuleType("benchmarks.quality.ours")
    engine.prior_scorer = lambda frame, mapping, dataset: lambda asks, rows: scores[np.ix_(asks, rows)]
    monkeypatch.setitem(sys.modules, "benchmarks.quality.ours", engine)
    rows = np.array([1, 3, 4])
    found = hook.prior(plan, pd.DataFrame(), {}, "any", rows)
    assert found["ours: prior"](np.array([2, 0])).tolist() == [[21, 23, 24], [6, 8, 9]]
    assert hook.learned(plan, pd.DataFrame(), {}, "any", rows, hook.History()) == {}
    assert hook.prior(replace(plan, ours=False), pd.DataFrame(), {}, "any", rows) == {}


def test_without_the_engine_module_only_baselines_run(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    hook = importlib.import_module("benchmarks.quality.hook")
    plan = importlib.import_module("benchmarks.quality.plan").Plan()
    monkeypatch.setattr(hook, "MODULE", "benchmarks.quality.nowhere")
    assert hook.prior(plan, pd.DataFrame(), {}, "any", np.arange(2)) == {}


PRODUCTS = 80


@pytest.fixture
def saas(tmp_path: Path) -> Path:
    """Eighty products of ten kinds; whoever offers a thing feeds those of the next kind, rivals offer the same thing."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "saas_integrations"
    folder.mkdir()
    kind = np.arange(PRODUCTS) % len(THINGS)
    names = [f"product{k}" for k in range(PRODUCTS)]
    pd.DataFrame(
        {
            "id": names,
            "name": [f"{THINGS[k].title()} {number}" for number, k in enumerate(kind)],
            "description": [f"We run {THINGS[k]} for shops, number {number}." for number, k in enumerate(kind)],
            "resources": [[THINGS[k], f"{THINGS[k]} report"] for k in kind],
            "operations": [[f"Create {THINGS[k]}"] for k in kind],
            "triggers": [[f"New {THINGS[k]}"] if k % 2 else [] for k in kind],
            "categories": [[THINGS[k]] for k in kind],
            "stackshare_popularity": np.where(np.arange(PRODUCTS) % 7, np.nan, 10.0),
            "auth_types": [["oauth2"]] * PRODUCTS,
            "has_trigger": kind % 2 == 1,
            "has_webhook_trigger": False,
            "api_resource_nouns": [[]] * PRODUCTS,
        }
    ).to_parquet(folder / "partners.parquet")
    feeds = (kind[None, :] - kind[:, None]) % len(THINGS) == 1
    wired = [(names[a], names[b]) for a, b in np.argwhere(feeds & (rng.random(feeds.shape) < 0.7))]
    wired += [(b, a) for a, b in wired[:5]]
    pd.DataFrame({"apps": [sorted(edge) for edge in wired], "edges": [[list(edge)] for edge in wired]}).to_parquet(
        folder / "workflows.parquet"
    )
    rivals = [(names[a], names[b]) for a in range(PRODUCTS) for b in range(a + 10, PRODUCTS, 10)]
    stated = [*rivals, wired[0], ("product0", "nobody")]
    pd.DataFrame(stated, columns=["a", "b"]).to_parquet(folder / "alternatives.parquet")
    return tmp_path


@pytest.fixture
def parts(monkeypatch):
    """Tables of the saas data that stand beside its rankings, with an encoder that needs no model."""
    command = importlib.import_module("benchmarks.quality.__main__")
    ours = importlib.import_module("benchmarks.quality.ours")
    made = importlib.import_module("benchmarks.quality.products")
    plan = importlib.import_module("benchmarks.quality.plan").Plan(encoder="none", seeds=1)
    monkeypatch.setattr(ours, "_encoder", lambda spec: WordEncoder())
    for cached in (made.products, made.world):
        cached.cache_clear()

    def run_parts(data: Path, *names: str, **changes):
        return list(command.results("saas", data, replace(plan, parts=names, **changes)))

    return run_parts


def test_alternatives_are_told_from_links(parts, saas):
    tables = parts(saas, "alternatives")
    assert len(tables) == 8
    assert "280 alternatives" in tables[0].title  # ten kinds of eight products, 28 pairs each
    assert "1 that are both left out" in tables[0].title
    rows = {row[0]: row[1:] for row in tables[0].rows}
    auc, low, high, *_ = rows["ours: mean surprise of topic, summary, lexical"]
    assert auc > 0.99
    assert low <= auc <= high
    assert rows["category"][0] == 1.0  # rivals share theirs, linked products do not
    (rivals, many, marked, share), (linked, others, wrong, _) = tables[1].rows
    assert (rivals, many, linked) == ("alternatives", 280, "links")
    assert share == marked / many
    assert wrong < 0.1 * others < others
    assert [table.title for table in parts(saas, "alternatives", ours=False)] == [t.title for t in tables[::2]]


def test_alternatives_that_are_links_stand_on_neither_side():
    apart = importlib.import_module("benchmarks.quality.alternatives").apart
    alternatives, links, both = apart(np.array([[0, 1], [2, 3]]), np.array([[2, 3], [0, 5], [1, 2]]))
    assert alternatives.tolist() == [[0, 1]]
    assert links.tolist() == [[0, 5], [1, 2]]
    assert both == 1


def test_the_dial_trades_giants_for_small_ones(parts, saas):
    curves = parts(saas, "dial")
    assert [curve.name for curve in curves] == [
        f"saas, {label}, {split}" for label in ("flow", "co-use") for split in ("warm", "cold")
    ]
    for curve in curves:
        assert [point.weight for point in curve.points] == [0.0, 0.25, 0.5, 0.75, 1.0]
        rows = curve.to_dict()["rows"]
        share = [row["tail share"] for row in rows[:5]]
        assert share == sorted(share, reverse=True)
        assert share[0] > share[-1]
        assert rows[-1]["scorer"] == "popularity"
        assert rows[-1]["tail share"] < 0.1
    assert parts(saas, "dial", ours=False) == []


def test_the_middle_of_the_dial_is_the_list_of_the_rankings(parts, saas):
    dial, made, hook, ours, data = (
        importlib.import_module(f"benchmarks.quality.{name}") for name in ("dial", "products", "hook", "ours", "saas")
    )
    folder = saas / "saas_integrations"
    links, counts = made.products(folder).links["flow"]
    rows = np.unique(links)
    split = dial.hide_links(np.searchsorted(rows, links), len(rows), 0.5, 0)
    strength = dict(zip(map(tuple, np.searchsorted(rows, links).tolist()), counts.tolist(), strict=True))
    learned = dial.Learned.of(made.world(folder), split, rows, strength)
    weights = np.array([strength[tuple(link)] for link in split.train.tolist()])
    history = hook.History(links=rows[split.train], weights=weights)
    scorer = ours.history_scorer(made.products(folder).frame, data.MAPPING, "saas_integrations", history)
    asked = learned.task.queries[:7]
    assert np.allclose(learned.at(0.5)(asked), scorer(rows[asked], rows), atol=1e-5)


def test_the_page_holds_rankings_and_the_dial(parts, saas):
    command = importlib.import_module("benchmarks.quality.__main__")
    found = parts(saas, "dial", "alternatives")
    page = command.page(found)
    assert 'id="trade-off"' in page
    assert "saas, flow, warm" in page
    assert 'id="trade-off"' not in command.page([r for r in found if not isinstance(r, command.DialCurve)])


def test_direction_is_told_from_what_kinds_feed_each_other(parts, saas):
    """Kinds feed one another in a circle: whoever is a source is as often a sink, so that propensity knows nothing."""
    warm, cold = parts(saas, "direction")
    assert "5 of " in warm.title
    assert "run both ways and are left out" in warm.title
    for table in (warm, cold):
        rows = {row[0]: dict(zip(table.head[1:], row[1:], strict=True)) for row in table.rows}
        ours, share = rows["ours: links and profiles"], rows["share of links as a source"]
        assert ours["accuracy"] > 0.95
        assert ours["log loss"] < 0.5 < share["log loss"]
        assert share["accuracy"] < 0.65
        gain = rows["ours: links and profiles - share of links as a source"]
        assert gain["accuracy low"] > 0
        assert np.isclose(gain["AUC"], ours["AUC"] - share["AUC"])
    bare = parts(saas, "direction", ours=False)
    assert [row[0] for row in bare[0].rows] == ["share of links as a source", "Bradley-Terry"]


def test_propensities_by_hand(parts):
    direction = importlib.import_module("benchmarks.quality.direction")
    edges, counts = np.array([[0, 1], [0, 2], [2, 0]]), np.array([1.0, 3.0, 1.0])
    assert direction.one_way(edges).tolist() == [[0, 1]]
    share = direction.source_share(edges, counts, 4)
    assert np.allclose(share / direction.SLOPE, np.log([(3 + 5) / (1 + 5), 5 / 6, (1 + 5) / (2 + 5), 1.0]))
    found = direction.strengths(np.array([[0, 1], [0, 1], [3, 0]]), 5)
    pull = 1 / (1 + np.exp(found[[0, 3]] - found[[1, 0]]))  # what a link of each kind leaves unexplained
    assert np.allclose(found, [2 * pull[0] - pull[1], -2 * pull[0], 0, pull[1], 0])
