from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.errors import SettingsError
from matchmaker.evaluation import METRICS, RankingTask, Sets, evaluate, pool
from matchmaker.evaluation.baselines import from_matrix, popularity
from matchmaker.evaluation.reads import head, tail


def random_task(seed: int, n: int = 30, q: int = 12) -> tuple[RankingTask, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    queries = np.sort(rng.permutation(n)[:q])
    truth = rng.random((q, n)) < 0.15
    truth[np.arange(q), queries] = False
    known = (rng.random((q, n)) < 0.1) & ~truth
    degree = rng.integers(0, 40, n).astype(float)
    return RankingTask.from_masks(queries, truth, known, degree), truth, known, rng.random((n, n))


def by_hand(task, truth, known, scores) -> dict[str, list[float]]:
    """The definition, one query at a time, in plain Python."""
    famous = set(sorted(range(len(task.degree)), key=lambda j: -task.degree[j])[: math.ceil(0.05 * len(task.degree))])
    small = {j for j, d in enumerate(task.degree) if d <= max(5, np.median(task.degree))}
    values: dict[str, list[float]] = {name: [] for name in METRICS if name != "matched.auc"}
    for row, i in enumerate(task.queries):
        shown = [j for j in range(len(task.degree)) if j != i and not known[row, j]]
        ranked = sorted(shown, key=lambda j, i=i: -scores[i, j])
        true = set(np.flatnonzero(truth[row]))
        for read, lists, counted in (
            ("all", ranked, true),
            ("savanna", [j for j in ranked if j not in famous], true - famous),
            ("tail", ranked, true & small),
        ):
            gains = [1 / math.log2(r + 2) for r, j in enumerate(lists[:10]) if j in counted]
            ideal = sum(1 / math.log2(r + 2) for r in range(min(10, len(counted))))
            values[f"{read}.recall@10"].append(len(gains) / len(counted) if counted else math.nan)
            if read != "tail":
                values[f"{read}.ndcg@10"].append(sum(gains) / ideal if counted else math.nan)
    return values


@given(seed=st.integers(0, 10_000), block=st.integers(1, 15))
def test_evaluate_equals_the_definition(seed, block):
    task, truth, known, scores = random_task(seed)
    reading = evaluate(task, from_matrix(scores), block=block)
    for name, expected in by_hand(task, truth, known, scores).items():
        np.testing.assert_allclose(reading.values[name], expected, err_msg=name)


@given(seed=st.integers(0, 10_000))
def test_credits_add_up_to_the_metric(seed):
    task, _, _, scores = random_task(seed)
    reading = evaluate(task, from_matrix(scores))
    for name in METRICS:
        credit, values = reading.credits[name], reading.values[name]
        for value, query in zip(values, reading.queries, strict=True):
            if np.isnan(value):
                assert not (credit.true_query == query).any()
                continue
            assert credit.earned[credit.hit_query == query].sum() == pytest.approx(value)
            assert credit.mass[credit.true_query == query].sum() == pytest.approx(1.0)


def test_strata_by_hand():
    degree = np.array([50, 3, 3, 40, 5, 6] + [7] * 34, dtype=float)
    assert np.flatnonzero(head(degree)).tolist() == [0, 3]
    assert np.flatnonzero(tail(degree)).tolist() == [j for j in range(40) if j not in (0, 3)]
    sparse = np.array([0, 1, 5, 6, 90], dtype=float)
    assert tail(sparse).tolist() == [True, True, True, False, False]


def test_nobody_without_a_link_is_famous():
    assert not head(np.zeros(50)).any()


def test_popularity_shines_on_everybody_and_finds_no_tail():
    n = 40
    degree = np.r_[100.0, 90.0, np.full(20, 3.0), np.full(n - 22, 2.0)]
    truth = np.zeros((1, n), dtype=bool)
    truth[0, [0, 1, 30]] = True
    task = RankingTask.from_masks(np.array([5]), truth, np.zeros_like(truth), degree)
    means = evaluate(task, popularity(degree)).means()
    assert means["all.recall@10"] == pytest.approx(2 / 3)
    assert means["tail.recall@10"] == 0
    perfect = evaluate(task, from_matrix(np.tile(truth[0].astype(float), (n, 1)))).means()
    assert perfect == pytest.approx(dict.fromkeys(METRICS, 1.0))


def test_known_links_and_the_query_are_never_shown():
    n = 12
    truth = np.zeros((1, n), dtype=bool)
    truth[0, 11] = True
    known = np.zeros((1, n), dtype=bool)
    known[0, 1:10] = True
    scores = np.arange(n, 0, -1.0)
    task = RankingTask.from_masks(np.array([0]), truth, known, np.ones(n))
    # Only 10 and 11 may be shown, so the worst score of all stands second.
    assert evaluate(task, from_matrix(np.tile(scores, (n, 1)))).means()["all.ndcg@10"] == pytest.approx(
        1 / math.log2(3)
    )


def test_equal_scores_do_not_follow_index_order():
    n, q = 400, 200
    truth = np.zeros((q, n), dtype=bool)
    truth[:, :10] = True
    task = RankingTask.from_masks(np.arange(200, 400), truth, np.zeros_like(truth), np.ones(n))
    assert evaluate(task, popularity(np.ones(n))).means()["all.recall@10"] < 0.5


def test_a_leaking_task_is_refused():
    both = np.ones((1, 3), dtype=bool)
    with pytest.raises(SettingsError, match="leaks"):
        RankingTask.from_masks(np.array([0]), both, both, np.ones(3))
    with pytest.raises(SettingsError, match="must be"):
        RankingTask.from_masks(np.array([0]), both, both, np.ones(4))


def test_a_scorer_of_the_wrong_shape_is_refused():
    task, *_ = random_task(0)
    with pytest.raises(SettingsError, match="shape"):
        evaluate(task, lambda rows: np.zeros((len(rows), 3)))


def test_pool_refuses_other_candidates():
    one, _, _, scores = random_task(0)
    two, _, _, more = random_task(0, n=31)
    with pytest.raises(SettingsError, match="pooled"):
        pool([evaluate(one, from_matrix(scores)), evaluate(two, from_matrix(more))])


@given(seed=st.integers(0, 1000))
def test_sets_round_trip(seed):
    mask = np.random.default_rng(seed).random((7, 9)) < 0.3
    assert (Sets.from_mask(mask).mask(2, 6, 9) == mask[2:6]).all()


def test_the_mean_of_nothing_is_nan():
    n = 30
    truth = np.zeros((1, n), dtype=bool)
    truth[0, 3] = True
    degree = np.where(np.arange(n) == 3, 99.0, 1.0)
    means = evaluate(
        RankingTask.from_masks(np.array([0]), truth, np.zeros_like(truth), degree), popularity(degree)
    ).means()
    assert means["all.recall@10"] == 1.0
    assert math.isnan(means["savanna.recall@10"])
    assert math.isnan(means["tail.recall@10"])
