from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from matchmaker.errors import MissingExtraError
from matchmaker.evaluation import (
    Curves,
    RankingTask,
    compare,
    evaluate,
    html_page,
    judge,
    probability_figures,
    reliability,
    scored_pairs,
    trade_off,
)
from matchmaker.evaluation import page as of
from matchmaker.evaluation.baselines import from_matrix, random_order
from matchmaker.evaluation.plots import calibration

N = 60
NASTY = "</script><script>alert(1)</script><b onmouseover=alert(2)>&\"'"
CHROMIUM = shutil.which("chromium")


class Outline(HTMLParser):
    """Ids, tables as rows of cell texts, scripts and every address that the page names."""

    def __init__(self, page):
        super().__init__()
        self.ids, self.tags, self.addresses, self.tables, self.scripts, self.refers = [], [], [], [], [], []
        self.policy = ""
        self._cell = self._script = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.tags.append(tag)
        self.ids += [told["id"]] if "id" in told else []
        self.addresses += [told[name] for name in ("src", "href", "action", "data") if name in told]
        self.refers += [told[name] for name in ("aria-labelledby", "aria-describedby") if name in told]
        if told.get("http-equiv") == "Content-Security-Policy":
            self.policy = told["content"]
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        self._cell = tag in ("td", "th")
        if self._cell:
            self.tables[-1][-1].append("")
        self._script = tag == "script"
        if self._script:
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._cell = self._cell and tag not in ("td", "th")
        self._script = False

    def handle_data(self, data):
        if self._cell:
            self.tables[-1][-1][-1] += data
        if self._script:
            self.scripts[-1] += data


@pytest.fixture(scope="module")
def material():
    rng = np.random.default_rng(0)
    chance = rng.random((N, N)) ** 3
    truth = rng.random((N, N)) < chance
    np.fill_diagonal(truth, False)
    task = RankingTask.from_masks(np.arange(N), truth, np.zeros_like(truth), rng.integers(1, 30, N).astype(float))
    good, noise = evaluate(task, from_matrix(chance)), evaluate(task, random_order(N, 1))
    report = compare(f"title {NASTY}", {NASTY: good, "random": noise}, ours=(NASTY,), against=("random",))
    figures = probability_figures(scored_pairs(task, from_matrix(chance)))
    curves = Curves({NASTY: figures.bins}, {"learned": trade_off({1.0: noise, 0.0: good, 0.5: good})})
    return report, judge(good, noise, figures), curves, figures


@pytest.fixture(scope="module")
def written(material):
    report, verdict, curves, _ = material
    return html_page([report, replace(report, title="another")], verdict, curves)


@pytest.fixture(scope="module")
def outline(written):
    return Outline(written)


def figures_of(outline):
    return json.loads(outline.scripts[0])


def test_plotly_is_there_once_and_nothing_is_asked_of_another_place(written, outline):
    assert outline.addresses == []
    assert written.count(of._plotly()) == 1
    assert "default-src 'none'" in outline.policy
    assert "http" not in outline.policy
    assert len(outline.scripts) == 3


def test_the_content_policy_admits_the_two_scripts_of_the_page_alone(outline):
    assert outline.policy == of._policy(outline.scripts[1], outline.scripts[2])
    assert "unsafe-inline" not in outline.policy.partition("style-src")[0]


def test_names_out_of_the_data_stay_text(written, outline):
    assert "<script>alert" not in written
    assert "b" not in outline.tags
    assert any(row[0] == NASTY for table in outline.tables for row in table)
    names = {trace["name"] for trace in figures_of(outline)["calibration"]["data"]}
    assert not any("<" in name for name in names)
    assert any("&lt;/script&gt;" in name for name in names)
    assert "</" not in outline.scripts[0]


def test_ids_are_unique_stable_and_every_reference_holds(material, written, outline):
    report, verdict, curves, _ = material
    assert len(outline.ids) == len(set(outline.ids))
    assert {"verdict", "strata-1", "strata-2", "calibration", "trade-off", "strata-1-table"} <= set(outline.ids)
    assert set(outline.refers) <= set(outline.ids)
    assert html_page([report, replace(report, title="another")], verdict, curves) == written


def test_every_plot_has_a_table_that_says_the_same(material, outline):
    report, _, curves, figures = material
    heads = [table[0] for table in outline.tables]
    strata = outline.tables[heads.index(["scorer", *next(iter(report.figures.values()))])]
    told = report.figures["random"]["all.ndcg@10"]
    assert strata[2][:2] == ["random", f"{told.estimate:.3f} [{told.low:.3f}, {told.high:.3f}]"]
    bars = figures_of(outline)["strata-1"]["data"]
    assert [bar["name"] for bar in bars] == ["nDCG@10, all", "nDCG@10, savanna", "recall@10, tail"]
    assert bars[0]["x"][1] == told.estimate
    assert bars[0]["error_x"]["array"][1] == pytest.approx(told.high - told.estimate)
    assert bars[0]["error_x"]["arrayminus"][1] == pytest.approx(told.estimate - told.low)
    bins = next(table for table in outline.tables if table[0][0] == "probability")
    assert [row[2] for row in bins[1:]] == [f"{count:,}" for count in figures.bins.count.tolist()]
    curve = figures_of(outline)["calibration"]["data"][1]
    assert curve["x"] == figures.bins.predicted.tolist()
    assert curve["text"] == [f"{count:,} pairs" for count in figures.bins.count.tolist()]
    dial = next(table for table in outline.tables if "popularity_weight" in table[0])
    assert [row[1] for row in dial[1:]] == ["0", "0.5", "1"]
    points = curves.trade_off["learned"]
    drawn = figures_of(outline)["trade-off"]["data"][0]
    assert drawn["x"] == [point.ndcg.estimate for point in points]
    assert drawn["y"] == [point.tail.estimate for point in points]


def test_the_verdict_is_told_check_by_check(material, outline):
    _, verdict, _, _ = material
    table = outline.tables[0]
    assert [row[1] for row in table[1:]] == [check.name for check in verdict.checks]
    assert [row[0] for row in table[1:]] == ["met" if check.passed else "not met" for check in verdict.checks]
    assert [row[4] for row in table[1:]] == [check.sentence for check in verdict.checks]


def test_a_report_alone_has_neither_verdict_nor_curves(material):
    outline = Outline(html_page([material[0]]))
    assert "verdict" not in outline.ids
    assert list(figures_of(outline)) == ["strata-1"]


def test_a_read_without_truth_is_drawn_as_a_gap():
    truth = np.zeros((30, 30), dtype=bool)
    truth[:, 0] = True
    truth[0] = False
    degree = np.where(np.arange(30) == 0, 99.0, 1.0)
    task = RankingTask.from_masks(np.arange(30), truth, np.zeros_like(truth), degree)
    report = compare("famous only", {"random": evaluate(task, random_order(30, 1))})
    outline = Outline(html_page([report]))
    bars = {bar["name"]: bar for bar in figures_of(outline)["strata-1"]["data"]}
    assert bars["recall@10, tail"]["x"] == [None]
    assert "–" in outline.tables[0][1]


def test_without_plotly_the_remedy_is_named(material, monkeypatch):
    monkeypatch.setattr(of, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'matchmaker[service]'")):
        html_page([material[0]])


def test_points_of_the_trade_off_carry_intervals(material):
    points = material[2].trade_off["learned"]
    assert [point.weight for point in points] == [0.0, 0.5, 1.0]
    assert points[0].ndcg == points[1].ndcg
    assert points[0].ndcg.low > points[2].ndcg.high
    assert json.loads(json.dumps(points[0].to_dict()))["popularity_weight"] == 0.0


def test_an_ece_in_a_legend_is_that_of_the_bins(outline):
    curve = reliability(np.array([0.1, 0.9]), np.array([False, True]), 2)
    assert curve.ece == pytest.approx(0.1)
    name = figures_of(outline)["calibration"]["data"][1]["name"]
    assert re.search(r"\(ECE 0\.\d{3}, 10 bins of 120 pairs\)$", name)
    assert "2 bins of 1 to 2 pairs" in json.dumps(calibration({"a": reliability(np.ones(3), np.ones(3) > 0, 2)}).figure)


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_draws_every_plot_and_asks_for_nothing(written, tmp_path, scheme):
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    path = tmp_path / "page.html"
    path.write_text(written, encoding="utf-8")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        view = browser.new_page(color_scheme=scheme)
        asked, said = [], []
        view.on("request", lambda request: asked.append(request.url))
        view.on("console", lambda message: said.append(message.text))
        view.on("pageerror", lambda error: said.append(str(error)))
        view.on("dialog", lambda dialog: said.append(dialog.message))
        view.goto(path.as_uri())
        for plot in ("strata-1", "strata-2", "calibration", "trade-off"):
            view.locator(f"#{plot} .main-svg").first.wait_for()
        assert view.locator(".main-svg text", has_text="</script>").count() > 0
        ink = view.evaluate("getComputedStyle(document.querySelector('#trade-off .xtick text')).fill")
        assert ink == {"light": "rgb(27, 31, 36)", "dark": "rgb(230, 237, 243)"}[scheme]
        assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
        assert said == []
        assert not view.get_by_text("The plots need JavaScript").is_visible()
        found = Axe().run(view).response["violations"]
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
        browser.close()


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_without_javascript_the_tables_are_read(written, tmp_path):
    from playwright.sync_api import sync_playwright

    path = tmp_path / "page.html"
    path.write_text(written, encoding="utf-8")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        view = browser.new_page(java_script_enabled=False)
        view.goto(path.as_uri())
        assert view.get_by_text("The plots need JavaScript").is_visible()
        assert view.locator("table").count() == 7
        assert view.locator("table").last.is_visible()
        assert not view.locator("#calibration").is_visible()
        browser.close()
