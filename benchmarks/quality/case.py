"""A question put to every scorer: one data set, one kind of split, several seeds or folds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from matchmaker.evaluation import RankingTask, Reading, Report, Scorer, compare, evaluate, pool, tuned

OURS = ("ours: prior", "ours: with history")
AGAINST = ("MiniLM cosine", "TF-IDF cosine", "category", "category, then popularity")


@dataclass(frozen=True)
class Split:
    """One task with the scorers that were built from its training part alone."""

    task: RankingTask
    scorers: Mapping[str, Scorer]


@dataclass(frozen=True)
class Case:
    """Splits over the same candidates, read together; the partner is the cluster of the bootstrap.

    Attributes:
        title: what is asked and how it was split.
        splits: made one after another, so that only one split is in memory.
        facts: extra counts for the heading.
        against: baselines that ours is compared with.

    """

    title: str
    splits: Iterable[Split]
    facts: Mapping[str, float] = field(default_factory=dict)
    against: Sequence[str] = AGAINST

    def report(self, draws: int) -> Report:
        """Evaluate every scorer on every split and pool."""
        readings: dict[str, list[Reading]] = {}
        for split in self.splits:
            for name, scorer in split.scorers.items():
                readings.setdefault(name, []).append(evaluate(split.task, scorer))
        pooled = {name: pool(parts) for name, parts in readings.items()}
        return compare(self.title, pooled, ours=OURS, against=self.against, facts=self.facts, draws=draws)


best = tuned
