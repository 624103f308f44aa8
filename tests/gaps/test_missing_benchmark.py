from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.gaps import splits
from benchmarks.gaps.verdicts import Pairs, matched_ratio, pairs_of
from benchmarks.quality.products import products
from matchmaker.gaps.market import NO, UNKNOWN, YES


@pytest.fixture
def folder(tmp_path):
    """Thirty products in workflows of four, of which neighbours are wired."""
    rng = np.random.default_rng(0)
    names = [f"p{number:02}" for number in range(30)]
    pd.DataFrame(
        {
            "id": names,
            "name": names,
            "description": "",
            "categories": [[]] * 30,
            "resources": [[]] * 30,
            "operations": [[]] * 30,
            "triggers": [[]] * 30,
            "auth_types": [[]] * 30,
            "api_resource_nouns": [[]] * 30,
            "has_trigger": False,
            "has_webhook_trigger": False,
            "stackshare_popularity": 1.0,
        }
    ).to_parquet(tmp_path / "partners.parquet")
    used = [rng.choice(names, 4, replace=False).tolist() for _ in range(80)]
    edges = [[[a, b], [b, c]] for a, b, c, _ in used]
    dates = np.where(np.arange(80) % 10 == 0, np.nan, np.arange(80.0))
    pd.DataFrame({"apps": used, "edges": edges, "date_order": dates}).to_parquet(tmp_path / "workflows.parquet")
    pd.DataFrame({"a": ["p00"], "b": ["p01"]}).to_parquet(tmp_path / "alternatives.parquet")
    yield tmp_path
    products.cache_clear()


def test_nothing_that_is_hidden_is_counted_and_nothing_that_is_counted_is_of_a_cold_product(folder):
    workflows, ids = splits.Workflows.read(folder), products(folder).frame["id"].tolist()
    seeds = splits.Seeds((0, 1), 0, (0.6, 1.0))
    cases = dict(splits.cases(folder, seeds))
    assert [len(cases[name]) for name in ("flow, warm", "flow, cold", "flow, later")] == [2, 5, 1]
    for name, several in cases.items():
        assert all(len(hidden.split.hidden) for hidden in several)
        if name.startswith("co-use"):
            assert not any(hidden.demand for hidden in several)
    wired = workflows.links(np.ones(80, dtype=bool))
    for hidden in cases["flow, warm"]:
        for one in hidden.demand:
            pair = tuple(sorted((ids.index(one.a), ids.index(one.b))))
            together = sum(pair in used for used in workflows.used)
            assert one.count == together - wired[pair]
    for hidden in cases["flow, cold"]:
        cold = {ids[row] for row in hidden.rows[hidden.split.asks]}
        assert cold
        assert all(cold.isdisjoint((one.a, one.b)) for one in hidden.demand)
    (later,) = cases["flow, later"]
    before = ~(workflows.date >= 0.6)
    assert sum(one.count for one in later.demand) == sum(workflows.unwired(before).values())
    assert len(later.split.train) == len(workflows.links(before))


def test_matched_precision_compares_within_equal_fame():
    """Yes is right twice as often as unknown among the famous and among the others, but stands mostly among the others."""
    cells = np.repeat([0, 0, 1, 1], [10, 100, 100, 10])
    verdict = np.repeat([YES, UNKNOWN, YES, UNKNOWN], [10, 100, 100, 10])
    true = np.concatenate([np.arange(n) < hits for n, hits in ((10, 8), (100, 40), (100, 20), (10, 1))])
    pairs = Pairs(np.arange(220) % 11, cells, cells, cells, verdict, true)
    ratio, low, high = matched_ratio(pairs, cells, YES, 1000)
    assert ratio == pytest.approx(2.0)
    assert low < 2.0 < high
    crude = true[verdict == YES].mean() / true[verdict == UNKNOWN].mean()
    assert crude < 1.0
    assert np.isnan(matched_ratio(pairs, cells, NO, 1000, cells == 5)).all()


def test_links_that_stand_aside_are_judged_by_nobody(folder):
    (later,) = dict(splits.cases(folder, splits.Seeds((), 0, (0.3, 0.5))))["flow, later"]
    n = len(later.rows)
    assert len(later.split.aside)
    asked = np.ones((n, n), dtype=bool)

    class Judged:
        verdict, stratum = np.zeros((n, n)), np.zeros(n, dtype=int)

    Judged.asked = asked
    pairs = pairs_of([(later, Judged)])
    assert len(pairs.true) == n * n - 2 * len(later.split.aside)
    assert pairs.true.sum() == 2 * len(later.split.hidden)
