"""Golden queries: a few answers written down when a bundle is made, and asked again whenever it is opened."""

from __future__ import annotations

from typing import Any

import numpy as np

from matchmaker.fitted import Fitted
from matchmaker.matching.scorer import score

QUERIES, PAIRS = 4, 8
TOLERANCE = 1e-4
"""Scores may differ by this much between processors; a change of the files would move them further."""


def ask(fitted: Fitted) -> list[dict[str, Any]]:
    """The mutual scores of a few pairs spread over the catalogue and, where something was learned, their log-odds."""
    count = len(fitted.space)
    asking = np.unique(np.linspace(0, count - 1, min(QUERIES, count)).astype(np.int64))
    golden = []
    for row in asking:
        others = (
            np.unique((row + np.linspace(1, count - 1, min(PAIRS, count - 1)).astype(np.int64)) % count)
            if count > 1
            else asking[:0]
        )
        scored = score(
            fitted.space, fitted.config, fitted.space.side(int(row)), others, np.zeros(len(others), dtype=bool)
        )
        query = {"row": int(row), "others": others.tolist(), "mutual": [round(float(x), 6) for x in scored.mutual]}
        if fitted.taught is not None:
            query["odds"] = [round(float(x), 6) for x in fitted.taught.judge(fitted.space.side(int(row)), others).odds]
        golden.append(query)
    return golden


def check(fitted: Fitted, golden: list[dict[str, Any]]) -> list[str]:
    """Ask again; one line for every answer that differs."""
    problems = [] if golden else ["none is stored"]
    for query in golden:
        others = np.array(query["others"], dtype=np.int64)
        side = fitted.space.side(query["row"])
        scored = score(fitted.space, fitted.config, side, others, np.zeros(len(others), dtype=bool))
        same = np.allclose(scored.mutual, query["mutual"], atol=TOLERANCE)
        if same and fitted.taught is not None:
            same = np.allclose(fitted.taught.judge(side, others).odds, query["odds"], atol=TOLERANCE)
        if not same:
            problems.append(f"partner {fitted.space.ids[query['row']]} scores differ from the stored ones")
    return problems
