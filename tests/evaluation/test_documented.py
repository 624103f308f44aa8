"""What docs/evaluation.md says is what there is: metrics, splits, baselines, checks of the gate."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np
import pytest

from matchmaker import evaluation
from matchmaker.evaluation import METRICS, baselines, gate, lists, probability, splits

TEXT = (Path(__file__).parents[2] / "docs" / "evaluation.md").read_text(encoding="utf-8")
NAMED = {name.split("(")[0].rpartition(".")[2] for name in re.findall(r"`([^`\n]+)`", TEXT)}


def own_functions(module):
    """Public functions that a module defines itself."""
    return [
        n
        for n, one in inspect.getmembers(module, inspect.isfunction)
        if one.__module__ == module.__name__ and n[0] != "_"
    ]


@pytest.mark.parametrize(
    ("module", "beside"),
    [
        (baselines, {"from_matrix", "ease_weights"}),
        (splits, {"adjacency"}),
        (lists, {"listed", "exposure", "hidden_pairs"}),
        (probability, {"reliability"}),
    ],
)
def test_every_split_baseline_and_figure_is_documented(module, beside):
    assert set(own_functions(module)) - NAMED == beside


def test_every_read_and_every_check_of_the_gate_is_documented():
    assert {metric.split(".")[0] for metric in METRICS} <= NAMED
    checks = set(re.findall(r'Check\(\s*"(\w+)"', inspect.getsource(gate)))
    assert len(checks) == 6
    assert checks <= NAMED


def test_bounds_of_the_gate_are_those_documented():
    assert f"at least {gate.MIN_ASKERS} partners ask" in TEXT
    assert f"at least −{gate.MARGIN:g} (`margin`)" in TEXT
    assert f"at most {gate.MAX_ECE:g}".replace("0.", ".") in TEXT
    assert f"the top {probability.SHOWN}" in TEXT


def test_every_public_name_is_there_and_every_function_has_a_docstring():
    for name in evaluation.__all__:
        one = getattr(evaluation, name)
        assert not inspect.isfunction(one) or one.__doc__


def test_the_example_runs():
    example = "\n".join(
        line[4:] for line in re.search(r"(?:^    .*\n(?:\n(?=    ))?)+", TEXT, re.MULTILINE)[0].splitlines()
    )
    n = 40
    rng = np.random.default_rng(0)
    space = {
        "links": np.array([(a, b) for a in range(n) for b in range(a + 1, n) if rng.random() < 0.2]),
        "n": n,
        "ours": baselines.random_order(n, 0),
        "prior": baselines.random_order(n, 1),
    }
    exec(example, space)
    assert not space["verdict"].passed
    assert space["page"].startswith("<!DOCTYPE html>")
