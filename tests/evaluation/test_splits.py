from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.errors import SettingsError
from matchmaker.evaluation import (
    LinkSplit,
    evaluate,
    hide_accounts,
    hide_both_ends,
    hide_links,
    hide_partners,
    links_after,
)
from matchmaker.evaluation.baselines import from_matrix
from matchmaker.evaluation.splits import adjacency


def ring(n: int) -> np.ndarray:
    return np.stack([np.arange(n), (np.arange(n) + 1) % n], axis=1)


@given(accounts=st.integers(2, 200), seed=st.integers(0, 1000))
def test_accounts_are_split_without_loss(accounts, seed):
    visible, hidden = hide_accounts(accounts, 0.5, seed)
    assert sorted([*visible, *hidden]) == list(range(accounts))
    assert len(hidden) == round(accounts / 2)
    again = hide_accounts(accounts, 0.5, seed)
    assert (again[0] == visible).all()


@given(n=st.integers(5, 60), seed=st.integers(0, 1000))
def test_no_hidden_link_is_in_training(n, seed):
    links = ring(n)
    split = hide_links(links, n, 0.5, seed)
    assert sorted(map(tuple, [*split.train, *split.hidden])) == sorted(map(tuple, links))
    if len(split.hidden):
        task = split.task()
        assert task.degree.sum() == 2 * len(split.train)
        assert set(task.queries) == set(np.unique(split.hidden))


@given(n=st.integers(6, 40), folds=st.integers(2, 6), seed=st.integers(0, 1000))
def test_cold_partners_have_no_training_link_and_ask_once(n, folds, seed):
    links = ring(n)
    asked = np.zeros(n, dtype=int)
    for split in hide_partners(links, n, folds, seed):
        asked += split.asks
        assert not split.asks[split.train].any()
        assert split.asks[split.hidden].any(axis=1).all()
        assert len(split.train) + len(split.hidden) == n
        assert (split.task().degree[split.asks] == 0).all()
    assert (asked == 1).all()


@given(n=st.integers(4, 40), share=st.floats(0.1, 0.9), seed=st.integers(0, 1000))
def test_both_ends_cold_asks_only_what_stands_between_two_cold_partners(n, share, seed):
    cold = round(share * n)
    if not 2 <= cold < n:
        return
    links = np.array([(a, b) for a in range(n) for b in range(a + 1, n)])
    split = hide_both_ends(links, n, share, seed)
    assert split.asks.sum() == cold
    assert len(split.hidden) == cold * (cold - 1) // 2
    assert len(split.train) == (n - cold) * (n - cold - 1) // 2
    assert split.asks[split.hidden].all()
    assert not split.asks[split.train].any()
    assert (split.asks[split.aside].sum(axis=1) == 1).all()
    assert len(split.train) + len(split.hidden) + len(split.aside) == len(links)
    again = hide_both_ends(links, n, share, seed)
    assert (again.hidden == split.hidden).all()


def test_links_that_stand_aside_train_nobody_and_are_not_read_as_wrong():
    # 0, 1, 2 are cold; 0-1 is asked, 0-3 stands aside, 3-4 trains.
    links = np.array([[0, 1], [0, 3], [3, 4]])
    split = LinkSplit(links[2:], links[:1], np.array([1, 1, 1, 0, 0], dtype=bool), links[1:2])
    task = split.task()
    assert task.queries.tolist() == [0, 1]
    assert task.degree.tolist() == [0, 0, 0, 1, 1]
    assert np.flatnonzero(task.known.mask(0, 1, 5)[0]).tolist() == [3]
    # Without the true one that stands aside, 1 is first for 0 though 3 scores higher.
    scores = np.array([0.0, 1.0, 0.5, 2.0, 0.2])
    reading = evaluate(task, from_matrix(np.tile(scores, (5, 1))), k=1)
    assert reading.values["all.recall@10"][0] == 1


@pytest.mark.parametrize("share", [0.1, 0.95])
def test_too_few_cold_or_warm_partners_are_refused(share):
    with pytest.raises(SettingsError, match="cold"):
        hide_both_ends(ring(8), 8, share, 0)


def test_links_after_a_date_are_hidden():
    dates = np.array(["2021-01-01", "2022-06-01", "NaT"], dtype="datetime64[D]")
    split = links_after(ring(3), 3, dates, np.datetime64("2021-12-31"))
    assert split.train.tolist() == [[0, 1], [2, 0]]
    assert split.hidden.tolist() == [[1, 2]]


def test_adjacency_is_symmetric_and_keeps_the_larger_weight():
    links = np.array([[0, 1], [1, 0], [1, 2]])
    matrix = adjacency(links, 3, np.array([2.0, 5.0, 1.0]))
    assert matrix.tolist() == [[0, 5, 0], [5, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize("share", [0.0, 1.0, -0.2])
def test_a_share_outside_the_open_interval_is_refused(share):
    with pytest.raises(SettingsError, match="share"):
        hide_accounts(10, share, 0)


@pytest.mark.parametrize("folds", [1, 7])
def test_impossible_folds_are_refused(folds):
    with pytest.raises(SettingsError, match="folds"):
        next(hide_partners(ring(6), 6, folds, 0))
