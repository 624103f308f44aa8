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
