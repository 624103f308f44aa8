"""Whether motion may be said to predict partnerships on some data: a rule that was fixed before it was run (docs/collisions.md).

The burden of proof lies with motion: what cannot be told from a baseline, or is kept by a placebo, is no proof.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import SettingsError
from matchmaker.evaluation.bootstrap import DRAWS, Interval, cluster_draws
from matchmaker.evaluation.gate import MAX_ECE, Check
from matchmaker.evaluation.metrics import pair_metrics
from matchmaker.evaluation.probability import brier_skill, ece
from matchmaker.trajectories.field import Floats, Ints
from matchmaker.trajectories.wording import wording

MIN_ORIGINS, MIN_EVENTS, MIN_PARTNERS = 2, 50, 20


@dataclass(frozen=True)
class Asked:
    """What was asked at one origin. date: of the origin; ends: two (m,) partner numbers, the same over all origins; came_true: (m,)
    bool; scores: scorer to (m,), of the past alone; chance: (m,) probability of ours, in [0, 1], None where no earlier outcome
    was there to learn one from.
    """

    date: str
    ends: tuple[Ints, Ints]
    came_true: NDArray[np.bool_]
    scores: Mapping[str, Floats]
    chance: Floats | None


@dataclass(frozen=True)
class Figures:
    """AUC and AP of a scorer, the mean of the origins, partners resampled, with what each draw gave."""

    auc: Interval
    ap: Interval
    drawn: NDArray[np.float64]

    def minus(self, other: Figures) -> tuple[Interval, Interval]:
        """Paired differences (AUC, AP) to figures of the same call of `figures`."""
        drawn = self.drawn - other.drawn
        return (
            _interval(self.auc.estimate - other.auc.estimate, drawn[0], self.auc.n),
            _interval(self.ap.estimate - other.ap.estimate, drawn[1], self.ap.n),
        )

    def to_dict(self) -> dict[str, object]:
        """Plain mapping for JSON."""
        return {"auc": self.auc.to_dict(), "ap": self.ap.to_dict()}


def figures(asked: Sequence[Asked], *, draws: int = DRAWS, rng: int = 0) -> dict[str, Figures]:
    """AUC and AP of every scorer: computed at each origin and averaged, so that scores need be comparable within one only.

    A partner drawn w times counts w times at every origin, and a pair w_a * w_b times; all scorers see the same draws.
    """
    partners = 1 + max(int(end.max()) for one in asked for end in one.ends)
    weights = cluster_draws(partners, draws, rng)
    pairs = sum(len(one.came_true) for one in asked)
    found = {}
    for name in asked[0].scores:
        now = np.array([[float(part[0]) for part in pair_metrics(one.scores[name], one.came_true)] for one in asked])
        with np.errstate(invalid="ignore"):
            drawn = np.stack([_drawn(one, name, weights) for one in asked])
            mean = np.nansum(drawn, axis=0) / np.maximum(np.isfinite(drawn).sum(axis=0), 1)
        estimate = np.nanmean(now, axis=0)
        auc, ap = (_interval(float(value), part, pairs) for value, part in zip(estimate, mean, strict=True))
        found[name] = Figures(auc, ap, mean)
    return found


def _drawn(one: Asked, name: str, weights: Floats) -> NDArray[np.float64]:
    """(2, draws)."""
    from matchmaker.trajectories.resampled import resampled_metrics  # and Numba, which a stored proof has no use for

    return resampled_metrics(one.scores[name], one.came_true, *one.ends, weights)


def _interval(estimate: float, drawn: NDArray[np.float64], n: int) -> Interval:
    low, high = np.nanquantile(drawn, [0.025, 0.975]) if np.isfinite(drawn).any() else (np.nan, np.nan)
    return Interval(estimate, float(low), float(high), n)


@dataclass(frozen=True)
class Proof:
    """Result of a backtest, as a manifest keeps it. predicts: whether the word may be used; event: what was to come true;
    independent: whether events are dated apart from the texts; figures: scorer to AUC and AP with intervals; differences: ours
    minus each rival, the same.
    """

    predicts: bool
    event: str
    independent: bool
    checks: tuple[Check, ...]
    origins: tuple[str, ...]
    years: float
    pairs: int
    events: int
    figures: Mapping[str, Mapping[str, Any]]
    differences: Mapping[str, Mapping[str, Any]]

    @property
    def wording(self) -> str:
        """The sentence that every answer about motion on this data carries."""
        return wording(self.predicts)

    def to_dict(self) -> dict[str, Any]:
        """Plain mapping for JSON."""
        return {
            "predicts": self.predicts,
            "wording": self.wording,
            "event": self.event,
            "independent": self.independent,
            "origins": list(self.origins),
            "years": self.years,
            "pairs": self.pairs,
            "events": self.events,
            "checks": [check.to_dict() for check in self.checks],
            "figures": {name: dict(one) for name, one in self.figures.items()},
            "differences": {name: dict(one) for name, one in self.differences.items()},
        }

    def to_text(self) -> str:
        """Table of the figures, then the rule, a line a check, then the wording."""
        width = max(map(len, self.figures), default=0)
        asked = f"{self.events:,} of {self.pairs:,} pairs came true"
        lines = [f"{self.event}: {asked} at {len(self.origins)} origins, {self.years:g} years ahead"]
        for name, one in self.figures.items():
            less = self.differences.get(name)
            told = f"   ours minus this, AP {_told(less['ap'])}" if less else ""
            lines.append(f"  {name.ljust(width)}  AP {_level(one['ap'])}  AUC {_level(one['auc'])}{told}")
        lines += [f"  {'yes' if check.passed else 'NO '}  {check.sentence}" for check in self.checks]
        return "\n".join([*lines, self.wording[0].upper() + self.wording[1:] + "."])


def prove(
    asked: Sequence[Asked],
    *,
    ours: str,
    baselines: Sequence[str],
    placebos: Sequence[str],
    event: str,
    independent: bool,
    years: float,
    draws: int = DRAWS,
    rng: int = 0,
) -> Proof:
    """Hold ours against every baseline and placebo, by a rule of which every part must be met.

    - `enough`: two origins at least, 50 events, and 20 partners that take part in one.
    - `independent`: the events are dated apart from the texts, as announced partnerships are.
    - `beats`: AP of ours minus that of each baseline lies above zero, 95 %, paired, partners resampled.
    - `placebos`: so it does minus each placebo, and no placebo minus the best baseline does.
    - `calibrated`: Brier skill of the chance over the base rate above zero, both ends resampled, and equal-mass ECE at most .05.

    Raises SettingsError where nothing was asked.
    """
    if not asked or not any(len(one.came_true) for one in asked):
        raise SettingsError("There is nothing to judge: no origin has snapshots before it and a horizon after it.")
    events = int(sum(one.came_true.sum() for one in asked))
    checks = [_enough(asked, events), _independent(independent)]
    found: dict[str, Figures] = {}
    differences: dict[str, tuple[Interval, Interval]] = {}
    if events and any(one.came_true.any() and not one.came_true.all() for one in asked):
        found = figures(asked, draws=draws, rng=rng)
        differences = {name: found[ours].minus(found[name]) for name in (*baselines, *placebos)}
        checks += [
            _beats(differences, baselines),
            _placebos(found, differences, baselines, placebos),
            _calibrated(asked, draws, rng),
        ]
    return Proof(
        len(checks) == 5 and all(check.passed for check in checks),
        event,
        independent,
        tuple(checks),
        tuple(one.date for one in asked),
        years,
        sum(len(one.came_true) for one in asked),
        events,
        {name: one.to_dict() for name, one in found.items()},
        {name: {"auc": auc.to_dict(), "ap": ap.to_dict()} for name, (auc, ap) in differences.items()},
    )


def _enough(asked: Sequence[Asked], events: int) -> Check:
    taking = {int(end) for one in asked for ends in one.ends for end in ends[one.came_true]}
    passed = len(asked) >= MIN_ORIGINS and events >= MIN_EVENTS and len(taking) >= MIN_PARTNERS
    needed = f"needed are {MIN_EVENTS}, {MIN_PARTNERS} and {MIN_ORIGINS}"
    sentence = f"{events} events of {len(taking)} partners at {len(asked)} origins; {needed}."
    return Check("enough", passed, float(events), float(MIN_EVENTS), sentence)


def _independent(independent: bool) -> Check:
    says = (
        "Events are dated apart from the texts"
        if independent
        else "Events are read from the same snapshots as the motion"
    )
    return Check("independent", independent, float(independent), 1.0, f"{says}.")


def _beats(differences: Mapping[str, tuple[Interval, Interval]], baselines: Sequence[str]) -> Check:
    worst = min(baselines, key=lambda name: differences[name][1].low)
    ap = differences[worst][1]
    says = "Better than every baseline" if ap.above_zero else "Not better than every baseline"
    return Check("beats", ap.above_zero, ap, 0.0, f"{says}: AP minus {worst} {_told(ap.to_dict())}, must lie above 0.")


def _placebos(
    found: Mapping[str, Figures],
    differences: Mapping[str, tuple[Interval, Interval]],
    baselines: Sequence[str],
    placebos: Sequence[str],
) -> Check:
    best = max(baselines, key=lambda name: found[name].ap.estimate)
    keeps = [name for name in placebos if found[name].minus(found[best])[1].above_zero]
    worst = min(placebos, key=lambda name: differences[name][1].low)
    ap = differences[worst][1]
    passed = ap.above_zero and not keeps
    says = (
        "The order of the snapshots makes the difference"
        if ap.above_zero
        else "The order of the snapshots adds nothing"
    )
    says += f", and {keeps[0]} keeps a lift over {best}" if keeps else ""
    return Check("placebos", passed, ap, 0.0, f"{says}: AP minus {worst} {_told(ap.to_dict())}, must lie above 0.")


def _calibrated(asked: Sequence[Asked], draws: int, rng: int) -> Check:
    told = [(one, one.chance) for one in asked if one.chance is not None]
    if not told:
        return Check(
            "calibrated", False, float("nan"), 0.0, "Chances of ours: no origin has earlier outcomes to learn from."
        )
    chance, true = np.concatenate([part for _, part in told]), np.concatenate([one.came_true for one, _ in told])
    left, right = (np.concatenate([one.ends[side] for one, _ in told]) for side in (0, 1))
    skill = brier_skill(chance, true, left, right, draws=draws, rng=rng)
    error = ece(chance, true)
    passed = skill.above_zero and error <= MAX_ECE
    says = f"Brier skill {_told(skill.to_dict())}, must lie above 0; ECE {error:.3f}, at most {MAX_ECE:g}"
    return Check("calibrated", passed, skill, 0.0, f"Chances of ours: {says}.")


def _level(one: Mapping[str, Any]) -> str:
    return f"{_number(one['estimate'])} [{_number(one['low'])}, {_number(one['high'])}]"


def _told(one: Mapping[str, Any]) -> str:
    return f"{_number(one['estimate'], '+')} [{_number(one['low'], '+')}, {_number(one['high'], '+')}]"


def _number(value: float | None, sign: str = "") -> str:
    return "-" if value is None or math.isnan(value) else f"{value:{sign}.3f}"
