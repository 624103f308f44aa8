from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from matchmaker.errors import SettingsError
from matchmaker.evaluation import (
    Interval,
    ProbabilityFigures,
    RankingTask,
    evaluate,
    judge,
    probability_figures,
    reliability,
    scored_pairs,
    two_way_difference,
)
from matchmaker.evaluation.baselines import from_matrix, popularity, random_order

N = 200


@pytest.fixture(scope="module")
def world():
    """Links follow fame (one partner in ten is courted by every fourth) and, among the rest, a common topic."""
    rng = np.random.default_rng(0)
    degree = np.where(np.arange(N) % 10 == 0, 60.0, rng.integers(1, 12, N))
    topic = rng.integers(0, 10, N)
    chance = np.where(degree[None, :] == 60, 0.25, np.where(topic[:, None] == topic[None, :], 0.5, 0.01))
    truth = rng.random((N, N)) < chance
    np.fill_diagonal(truth, False)
    task = RankingTask.from_masks(np.arange(N), truth, np.zeros_like(truth), degree)
    return task, chance, degree


@pytest.fixture(scope="module")
def readings(world):
    task, chance, degree = world
    rng = np.random.default_rng(1)
    weak = chance + rng.normal(0, 0.3, (N, N))
    return {
        "good": evaluate(task, from_matrix(chance)),
        "weak": evaluate(task, from_matrix(weak)),
        "noise": evaluate(task, random_order(N, 2)),
        "fame": evaluate(task, popularity(degree)),
        "fame and noise": evaluate(task, from_matrix(degree + rng.random((N, N)))),
    }


@pytest.fixture(scope="module")
def honest(world):
    task, chance, _ = world
    return probability_figures(scored_pairs(task, from_matrix(chance)))


def check(verdict, name):
    return next(check for check in verdict.checks if check.name == name)


def test_a_truly_better_model_passes(readings, honest):
    verdict = judge(readings["good"], readings["weak"], honest, popularity=readings["fame"])
    assert verdict.passed, verdict.to_text()
    assert [one.name for one in verdict.checks] == [
        "askers",
        "gain",
        "aggregate",
        "not_fame",
        "skill",
        "calibration",
    ]
    assert verdict.to_text().startswith("Passed")
    assert verdict.failed == ()


@pytest.mark.parametrize("model", ["fame", "fame and noise"])
def test_a_model_that_learned_only_popularity_is_refused_and_told_so(readings, model):
    verdict = judge(readings[model], readings["noise"], None)
    # Over all candidates it wins by far: that is the trap.
    assert check(verdict, "aggregate").passed
    assert check(verdict, "aggregate").figure.above_zero
    assert not verdict.passed
    assert {one.name for one in verdict.failed} == {"gain", "not_fame"}
    assert "a model that learned only popularity" in check(verdict, "not_fame").sentence
    assert "a model that learned only popularity" in verdict.to_text()


def test_skill_inside_the_fame_bins_is_held_against_a_popularity_list():
    # Truth follows fame so closely that even within a bin, a fifth wide, the more famous one is true.
    degree = np.arange(6.0, 6.0 + N)
    truth = np.zeros((N, N), dtype=bool)
    rng = np.random.default_rng(3)
    for row in range(N):
        truth[row, rng.choice(N, 30, replace=False, p=degree**6 / (degree**6).sum())] = True
    np.fill_diagonal(truth, False)
    task = RankingTask.from_masks(np.arange(N), truth, np.zeros_like(truth), degree)
    fame, noise = evaluate(task, popularity(degree)), evaluate(task, random_order(N, 4))
    assert judge(fame, noise, None).passed
    verdict = judge(fame, noise, None, popularity=fame)
    assert [one.name for one in verdict.failed] == ["not_fame"]
    assert check(verdict, "not_fame").bound == fame.means()["matched.auc"] > 0.51
    assert "nothing beyond fame" in verdict.to_text()


def test_a_popularity_list_below_one_half_does_not_lower_the_bound(readings):
    poor = replace(readings["fame"], values={"matched.auc": np.full(N, 0.4)})
    assert check(judge(readings["good"], readings["weak"], None, popularity=poor), "not_fame").bound == 0.5
    none = replace(readings["fame"], values={"matched.auc": np.full(N, np.nan)})
    assert check(judge(readings["good"], readings["weak"], None, popularity=none), "not_fame").bound == 0.5


def test_a_better_model_with_a_bad_probability_is_refused(world, readings):
    task, chance, _ = world
    boastful = probability_figures(scored_pairs(task, from_matrix(np.sqrt(chance))))
    verdict = judge(readings["good"], readings["weak"], boastful)
    assert not verdict.passed
    assert "calibration" in {one.name for one in verdict.failed}
    assert check(verdict, "gain").passed
    assert "does not come true as often as it says" in verdict.to_text()


def figures(skill, error):
    bins = reliability(np.array([0.5]), np.array([True]))
    return ProbabilityFigures(skill, error, 0.1, 0.1, 100, 20, bins)


@pytest.mark.parametrize(
    ("skill", "error", "failed"),
    [
        (Interval(0.1, 0.01, 0.2, 9), 0.05, set()),
        (Interval(0.1, 0.01, 0.2, 9), 0.0501, {"calibration"}),
        (Interval(0.1, 0.0, 0.2, 9), 0.01, {"skill"}),
        (Interval(0.1, float("nan"), float("nan"), 0), float("nan"), {"skill", "calibration"}),
    ],
)
def test_bounds_of_a_shown_probability(readings, skill, error, failed):
    verdict = judge(readings["good"], readings["weak"], figures(skill, error))
    assert {one.name for one in verdict.failed} == failed
    assert verdict.passed is not bool(failed)


def test_the_prior_does_not_replace_itself(readings):
    verdict = judge(readings["good"], readings["good"], None)
    assert [one.name for one in verdict.failed] == ["gain"]


def test_a_gain_in_the_tail_does_not_buy_a_loss_over_all(world, readings):
    task, chance, degree = world
    # Famous partners come true twice as often as what it lists, and it lists none of them.
    blurred = chance + np.random.default_rng(5).normal(0, 1, (N, N))
    shy = evaluate(task, from_matrix(np.where(degree == 60, -9.0, blurred)))
    verdict = judge(shy, readings["fame"], None)
    assert check(verdict, "gain").passed
    assert [one.name for one in verdict.failed] == ["aggregate"]
    assert judge(shy, readings["fame"], None, margin=1.0).passed


def test_a_gain_that_the_tail_pays_for_is_none(world, readings):
    task, chance, degree = world
    few = degree <= max(5.0, float(np.median(degree)))
    deaf = evaluate(
        task, from_matrix(np.where(few, chance - 9.0, chance))
    )  # right but for the small ones, whom it never lists
    tail = two_way_difference(deaf, readings["weak"], "tail.recall@10")
    assert tail.high < 0 < two_way_difference(deaf, readings["weak"], "matched.auc").low
    gain = check(judge(deaf, readings["weak"], None, margin=1.0), "gain")
    assert not gain.passed
    assert "Better than the prior in the matched comparison, but worse in the tail" in gain.sentence


def test_the_margin_bounds_the_lower_end(readings):
    low = two_way_difference(readings["weak"], readings["good"], "all.ndcg@10").low
    assert low < 0
    narrow, wide = (judge(readings["weak"], readings["good"], None, margin=-low + step) for step in (-1e-9, 1e-9))
    assert not check(narrow, "aggregate").passed
    assert check(wide, "aggregate").passed


def test_a_handful_of_partners_proves_nothing(world):
    task, chance, degree = world
    few = RankingTask.from_masks(np.arange(5), task.truth.mask(0, 5, N), np.zeros((5, N), dtype=bool), degree)
    good, noise = evaluate(few, from_matrix(chance)), evaluate(few, random_order(N, 2))
    verdict = judge(good, noise, None)
    assert [one.name for one in verdict.failed] == ["askers"]
    assert "5 partners ask" in verdict.to_text()


def test_a_read_without_truth_is_no_gain(world, readings):
    good, weak = (
        replace(readings[name], values={m: np.full(N, np.nan) for m in readings[name].values})
        for name in ("good", "weak")
    )
    verdict = judge(good, weak, None)
    assert {one.name for one in verdict.failed} == {"gain", "aggregate", "not_fame"}
    json.dumps(verdict.to_dict(), allow_nan=False)


def test_the_same_seed_gives_the_same_verdict_and_it_is_json(readings, honest):
    one, two = (judge(readings["good"], readings["weak"], honest, rng=5) for _ in range(2))
    assert one == two
    data = json.loads(json.dumps(one.to_dict(), allow_nan=False))
    assert data["passed"] is True
    row = next(c for c in data["checks"] if c["name"] == "gain")
    assert row["figure"]["low"] > row["bound"] == 0
    assert all(c["sentence"].endswith(".") for c in data["checks"])


def test_a_negative_margin_and_other_questions_are_refused(world, readings):
    task, chance, _ = world
    with pytest.raises(SettingsError, match="margin"):
        judge(readings["good"], readings["weak"], None, margin=-0.1)
    other = RankingTask(task.queries[::-1].copy(), task.truth, task.known, task.degree)
    with pytest.raises(SettingsError, match="same queries"):
        judge(readings["good"], evaluate(other, from_matrix(chance)), None)
