"""What a run was asked to do."""

from __future__ import annotations

from dataclasses import dataclass

RANKINGS = "rankings"
PARTS = (RANKINGS, "alternatives", "direction", "dial", "pairs", "motion")
"""What can be asked for: the rankings of every data set, and the tables that some have beside them."""


@dataclass(frozen=True)
class Plan:
    """Settings of a run.

    Attributes:
        encoder: text encoder of the vector baselines, "none" to leave them out.
        seeds: random splits a case, pooled by partner.
        draws: bootstrap draws, at least 1,000.
        ours: whether the engine takes part.
        parts: of `PARTS`.

    """

    encoder: str = "minilm"
    seeds: int = 3
    draws: int = 1000
    ours: bool = True
    parts: tuple[str, ...] = PARTS
