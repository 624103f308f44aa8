"""The trial of what would be learned: part of the history is kept back, and what the rest taught is held against the prior.

Links are kept back twice: half of them at random (`warm`), and all those of a fifth of the partners (`cold`). Of accounts half
are kept back, and who shares more of these than chance allows is to be found (evaluation/truth.py). A small history is split
several times, a large one once. Candidates are the partners with any history. The calibration is fitted on half of the partners
that ask and read on the other half; the one that is kept is fitted on all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from matchmaker.errors import SettingsError
from matchmaker.evaluation.gate import MAX_ECE, Verdict, judge
from matchmaker.evaluation.plots import DialPoint, trade_off
from matchmaker.evaluation.probability import ProbabilityFigures, probability_figures, scored_pairs
from matchmaker.evaluation.reads import RankingTask, Reading, Scorer, evaluate, pool
from matchmaker.evaluation.report import Report, compare
from matchmaker.evaluation.splits import hide_accounts, hide_links, hide_partners
from matchmaker.evaluation.truth import shared_counts, significant_overlap
from matchmaker.matching.learned import from_accounts, from_links, texts
from matchmaker.matching.learned.calibration import Calibration, Ways
from matchmaker.matching.learned.history import Floats, Ints, Links
from matchmaker.progress import Silent

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from matchmaker.config import Config
    from matchmaker.matching.learned.from_accounts import AccountModel
    from matchmaker.matching.learned.from_links import LinkModel
    from matchmaker.matching.space import Space
    from matchmaker.progress import Progress

OURS, PRIOR, POPULARITY = "with history", "prior", "popularity"
ASKERS = {"warm": 300, "cold": 150}
"""Partners whose lists are read in a split, at most."""
FEW_LINKS = 5000
"""Below so many, three warm splits and all five cold ones are read; from there on one of each."""
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_WARM_ROUNDS = 3
_PAIRS = 3_000_000
"""Pairs that are scored for a split, at most: bounds memory and time where candidates are many."""
_BLOCK = 200_000
_HIDDEN, _FOLDS = 0.5, 5

Others = Callable[[Ints, Any, int], Mapping[str, Scorer]]
"""Further scorers of the candidates at rows (n,), of what is not kept back and a seed."""


@dataclass(frozen=True)
class Trial:
    """What came of it. reports: of each kind of split; probabilities: likewise, read on partners that the calibration was not
    fitted on; calibration: the one to keep, fitted on all of them; dial: what `popularity_weight` does, on the warm splits.
    """

    reports: dict[str, Report]
    verdict: Verdict
    probabilities: dict[str, ProbabilityFigures]
    calibration: Calibration
    dial: tuple[DialPoint, ...]

    @property
    def probability(self) -> ProbabilityFigures:
        """That of partners with a history, which the gate is told."""
        return self.probabilities["warm"]

    @property
    def chance_shown(self) -> dict[str, bool]:
        """Whether a chance is shown for pairs with a history, and for those of which one side has none: where it says more than the
        base rate does, and comes true as often as it says.
        """
        found = ((split, self.probabilities.get(split)) for split in ("warm", "cold"))
        return {split: one is not None and one.skill.above_zero and one.ece <= MAX_ECE for split, one in found}

    def to_dict(self) -> dict[str, Any]:
        """Plain data for a manifest: figures by split and read, the gate's verdict, how the probability did."""
        figures: dict[str, dict[str, Any]] = {}
        for split, report in self.reports.items():
            gained = report.differences[OURS, PRIOR]
            figures[split] = {
                metric: {
                    "ours": report.figures[OURS][metric].to_dict(),
                    "prior": report.figures[PRIOR][metric].to_dict(),
                    "popularity": report.figures[POPULARITY][metric].to_dict(),
                    "difference": gained[metric].two_way.to_dict(),
                }
                for metric in gained
            }
        told = {split: one.to_dict() for split, one in self.probabilities.items()}
        gate = self.verdict.to_dict()
        return {"figures": figures, "probability": told, "chance_shown": self.chance_shown, "gate": gate}


def of_links(
    space: Space,
    config: Config,
    links: Links,
    apart: Ints,
    *,
    seed: int = 0,
    progress: Progress | None = None,
    others: Others | None = None,
) -> Trial:
    """Try learning from links. Raises SettingsError where half of them are too few to learn from."""
    rows = np.flatnonzero(links.degree() > 0)
    local = np.searchsorted(rows, links.ends)
    n, small = len(rows), len(local) < FEW_LINKS
    splits = [("warm", hide_links(local, n, _HIDDEN, seed + one)) for one in range(_WARM_ROUNDS if small else 1)]
    folds = [fold for fold in hide_partners(local, n, _FOLDS, seed) if len(fold.train) >= from_links.FEWEST]
    splits += [("cold", fold) for fold in folds[: None if small else 1]]
    hearing = _Hearing(_LinkHearing(space, config, apart, seed), rows, seed, others, 2 * len(splits), progress)
    for name, split in splits:
        hidden = _marked(local, split.hidden)
        truth, known = (Links(local[one], n, links.strength[one]) for one in (hidden, ~hidden))
        hearing.hear(name, links.without(hidden), truth, known, split.asks, known.degree())
    return hearing.verdict()


def of_accounts(
    space: Space,
    config: Config,
    held: csr_array,
    *,
    seed: int = 0,
    progress: Progress | None = None,
    others: Others | None = None,
) -> Trial:
    """Try learning from accounts, `held` as for `from_accounts.learn`. Raises SettingsError where too little is shared."""
    rows = np.flatnonzero(np.asarray(held.sum(axis=1)).ravel() >= 2 * from_accounts.FEWEST)
    n = len(rows)
    nothing, _ = Links.clean(np.zeros((0, 2), dtype=np.int64), n)
    hearing = _Hearing(_AccountHearing(space, config, seed), rows, seed, others, 2, progress)
    visible, hidden = hide_accounts(held.shape[1], _HIDDEN, seed)
    together = significant_overlap(shared_counts(held[rows][:, hidden]), len(hidden))
    truth, _ = Links.clean(np.stack(np.nonzero(np.triu(together)), axis=1), n)
    seen = held[:, visible]
    hearing.hear("warm", seen, truth, nothing, np.ones(n, dtype=bool), np.asarray(seen[rows].sum(axis=1)).ravel())
    return hearing.verdict()


class _Way(Protocol):
    """How one learns from what is not kept back, and the part of the space that may be told meanwhile."""

    @property
    def told(self) -> Space:
        """What the prior and the features may know."""

    @property
    def config(self) -> Config:
        """Settings of the engine."""

    def learn(self, seen: Any) -> LinkModel | AccountModel:  # noqa: ANN401 - links or accounts
        """The model of what is seen."""


@dataclass(frozen=True)
class _LinkHearing:
    space: Space
    config: Config
    apart: Ints
    seed: int

    def learn(self, seen: Links) -> LinkModel:
        return from_links.learn(self.space, self.config, seen, rivals=self.apart, seed=self.seed)

    @property
    def told(self) -> Space:
        return texts.without_links(self.space)


@dataclass(frozen=True)
class _AccountHearing:
    space: Space
    config: Config
    seed: int

    def learn(self, seen: csr_array) -> AccountModel:
        return from_accounts.learn(self.space, self.config, seen, seed=self.seed)

    @property
    def told(self) -> Space:
        return texts.without_accounts(self.space)


@dataclass(frozen=True)
class _Heard:
    """A split that was read. model: learned from the rest of it; prior, odds, back: (q, n) of the prior, and log-odds both ways."""

    task: RankingTask
    model: LinkModel | AccountModel
    rows: Ints
    prior: Floats
    odds: Floats
    back: Floats

    def order(self, popularity_weight: float = 0.5) -> Scorer:
        """The order of the lists."""
        asks, others = self._ends
        shown = np.where(self._free, self.odds, -np.inf).ravel()  # who is known already takes no place of a list
        order = self.model.order(shown, asks, others, popularity_weight)
        return _looked_up(self.task.queries, order.reshape(self.odds.shape))

    def some(self, chosen: NDArray[np.bool_]) -> _Heard:
        """The same of the `chosen` (n,) partners that ask alone."""
        mine = chosen[self.task.queries]
        n = len(self.task.degree)
        truth, known = (one.mask(0, len(mine), n)[mine] for one in (self.task.truth, self.task.known))
        task = RankingTask.from_masks(self.task.queries[mine], truth, known, self.task.degree)
        return _Heard(task, self.model, self.rows, self.prior[mine], self.odds[mine], self.back[mine])

    def ways(self) -> Ways:
        """All pairs, (q * n,), from both sides: what a calibration takes."""
        asks, others = self._ends
        return Ways(self.odds.ravel(), self.model.kind(asks, others), self.back.ravel(), self.model.kind(others, asks))

    def chances(self, calibration: Calibration) -> Scorer:
        """Chances of all pairs."""
        return _looked_up(self.task.queries, calibration.together(self.ways()).reshape(self.odds.shape))

    def calibrating(self) -> tuple[Ways, NDArray[np.bool_]]:
        """The pairs that are not known already, and which of them came true."""
        truth = self.task.truth.mask(0, len(self.task.queries), len(self.rows))
        return self.ways().take(self._free.ravel()), truth[self._free]

    @property
    def _free(self) -> NDArray[np.bool_]:
        count = len(self.task.queries)
        free = ~self.task.known.mask(0, count, len(self.rows))
        free[np.arange(count), self.task.queries] = False
        return free

    @property
    def _ends(self) -> tuple[Ints, Ints]:
        n = len(self.rows)
        return np.repeat(self.rows[self.task.queries], n), np.tile(self.rows, len(self.task.queries))


class _Hearing:
    """Splits that are learned from and read, one after another. rows: (n,) the candidates; steps: of the progress, two a split."""

    def __init__(
        self, way: _Way, rows: Ints, seed: int, others: Others | None, steps: int, progress: Progress | None
    ) -> None:
        self._way, self._rows, self._seed, self._others = way, rows, seed, others
        self._progress = progress or Silent()
        self._progress.start("trial", steps)
        self._said = texts.teller(way.told, way.config)
        self._readings: dict[str, dict[str, list[Reading]]] = {}
        self._all: dict[str, list[_Heard]] = {}

    def hear(
        self,
        name: str,
        seen: Any,  # noqa: ANN401 - links or accounts, as the way of learning takes them
        truth: Links,
        known: Links,
        asks: NDArray[np.bool_],
        degree: NDArray[Any],
    ) -> None:
        """Learn from `seen`, and read the lists of some that ask. truth, known: links among the candidates."""
        model = self._way.learn(seen)
        self._progress.advance()
        askers = np.flatnonzero(asks & (truth.degree() > 0))
        most = max(min(ASKERS[name], _PAIRS // len(self._rows)), 1)
        if len(askers) > most:
            askers = np.sort(np.random.default_rng(self._seed).choice(askers, most, replace=False))
        true, shown = (one.adjacency()[askers].toarray() > 0 for one in (truth, known))
        task = RankingTask.from_masks(askers, true, shown, degree)
        heard = self._heard(task, model)
        scorers: dict[str, Scorer] = {
            OURS: heard.order(),
            PRIOR: _looked_up(askers, heard.prior),
            POPULARITY: _looked_up(askers, np.broadcast_to(task.degree, heard.prior.shape)),
        }
        if self._others is not None:
            scorers |= self._others(self._rows, seen, self._seed)
        into = self._readings.setdefault(name, {})
        for scorer, found in scorers.items():
            into.setdefault(scorer, []).append(evaluate(task, found))
        self._all.setdefault(name, []).append(heard)
        self._progress.advance()

    def _heard(self, task: RankingTask, model: LinkModel | AccountModel) -> _Heard:
        n = len(self._rows)
        found = np.empty((3, len(task.queries), n))
        step = max(_BLOCK // n, 1)
        for low in range(0, len(task.queries), step):
            part = task.queries[low : low + step]
            asks, others = np.repeat(self._rows[part], n), np.tile(self._rows, len(part))
            said = self._said(asks, others)
            features = model.features(said, asks, others)
            back = model.odds(model.turned(features, asks), others, asks)
            ways = said[:, 0], model.odds(features, asks, others), back
            found[:, low : low + step] = np.stack(ways).reshape(3, len(part), n)
        return _Heard(task, model, self._rows, *found)

    def verdict(self) -> Trial:
        """What the gate says to all that was heard. Raises SettingsError where nothing was."""
        every = [heard for several in self._all.values() for heard in several if len(heard.task.queries)]
        if not every:
            raise SettingsError("Nothing could be kept back to try on: there is too little history.")
        first = np.random.default_rng(self._seed).permutation(len(self._rows)) % 2 == 0
        half = _calibrated([heard.some(first) for heard in every])
        probabilities = {name: self._read(half, several, ~first) for name, several in self._all.items()}
        pooled = {
            name: {scorer: pool(parts) for scorer, parts in readings.items()}
            for name, readings in self._readings.items()
        }
        ours, prior, fame = (pool([readings[one] for readings in pooled.values()]) for one in (OURS, PRIOR, POPULARITY))
        said = judge(ours, prior, probabilities["warm"], popularity=fame, rng=self._seed)
        reports = {
            name: compare(
                name, readings, ours=(OURS, PRIOR), against=[one for one in readings if one != OURS], rng=self._seed
            )
            for name, readings in pooled.items()
        }
        self._progress.done()
        return Trial(reports, said, probabilities, _calibrated(every), self._dial())

    def _read(self, half: Calibration, heard: list[_Heard], asks: NDArray[np.bool_]) -> ProbabilityFigures:
        """How a calibration does on the partners that ask it: against the rate of their own kind of split."""
        some = [one.some(asks) for one in heard]
        pairs = [scored_pairs(one.task, one.chances(half), one.order()) for one in some if len(one.task.queries)]
        return probability_figures(*pairs, rng=self._seed)

    def _dial(self) -> tuple[DialPoint, ...]:
        return trade_off(
            {w: pool([evaluate(heard.task, heard.order(w)) for heard in self._all["warm"]]) for w in WEIGHTS},
            rng=self._seed,
        )


def _calibrated(heard: list[_Heard]) -> Calibration:
    ways, truth = zip(*(one.calibrating() for one in heard), strict=True)
    return Calibration.fit(Ways.joined(list(ways)), np.concatenate(truth))


def _looked_up(queries: Ints, table: Floats) -> Scorer:
    """A scorer that reads the rows of a table made before; queries ascend."""

    def score(asked: Ints) -> Floats:
        return np.asarray(table[np.searchsorted(queries, asked)])

    return score


def _marked(links: Ints, some: Ints) -> NDArray[np.bool_]:
    """(m,) bool, which of the links are among `some` of them."""
    n = int(links.max(initial=0)) + 1
    return np.isin(links[:, 0] * n + links[:, 1], some[:, 0] * n + some[:, 1])
