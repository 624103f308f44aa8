"""The release gate: whether a learned part may replace the prior.

It is a pure function of readings that were made on data the learned part never saw. The burden of proof lies with
the learned part: what cannot be told apart from no gain, or from a loss, is refused, and the prior stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from matchmaker.errors import SettingsError
from matchmaker.evaluation.bootstrap import DRAWS, Interval, two_way_difference, two_way_mean
from matchmaker.evaluation.probability import ProbabilityFigures
from matchmaker.evaluation.reads import Reading

MARGIN = 0.02
MAX_ECE = 0.05
FAME = 0.5
MIN_ASKERS = 20


@dataclass(frozen=True)
class Check:
    """One demand of the gate.

    Attributes:
        name: stable key.
        passed: whether the demand is met.
        figure: what was measured.
        bound: what it was held against.
        sentence: the same for people.

    """

    name: str
    passed: bool
    figure: Interval | float
    bound: float
    sentence: str

    def to_dict(self) -> dict[str, object]:
        """Plain mapping for JSON; NaN becomes None."""
        figure = self.figure
        plain: object = figure.to_dict() if isinstance(figure, Interval) else figure if math.isfinite(figure) else None
        return {
            "name": self.name,
            "passed": self.passed,
            "figure": plain,
            "bound": self.bound,
            "sentence": self.sentence,
        }


@dataclass(frozen=True)
class Verdict:
    """What the gate says: `passed` only if every check did."""

    passed: bool
    checks: tuple[Check, ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that were not met."""
        return tuple(check for check in self.checks if not check.passed)

    def to_dict(self) -> dict[str, object]:
        """Plain mapping for JSON, as kept in a manifest."""
        return {"passed": self.passed, "checks": [check.to_dict() for check in self.checks]}

    def to_text(self) -> str:
        """A heading and one line a check."""
        head = "Passed: the learned part may be released." if self.passed else "Refused: the prior stays."
        return "\n".join([head, *(f"  {'yes' if c.passed else 'NO '}  {c.sentence}" for c in self.checks)])


def judge(
    ours: Reading,
    prior: Reading,
    probabilities: ProbabilityFigures | None,
    *,
    popularity: Reading | None = None,
    margin: float = MARGIN,
    min_askers: int = MIN_ASKERS,
    draws: int = DRAWS,
    rng: int = 0,
) -> Verdict:
    """Hold a learned part against the prior on the same held-back questions.

    All intervals are 95 %, paired where two readings are compared, with both ends of a pair resampled. Demanded are:

    - `askers`: at least `min_askers` asking partners. A percentile bootstrap of a handful of clusters is too narrow;
      of a single one it has no width at all, and everything would pass.
    - `gain`: ours minus the prior lies above zero in tail.recall@10 or in matched.auc, and below it in neither. Two
      chances at the 2.5 % tail let a model without merit through at most once in twenty.
    - `aggregate`: all.ndcg@10 is not worse by more than `margin`: the *lower* end of ours minus the prior is at least
      -margin. It is a test of non-inferiority: an upper end would let pass whatever is measured badly enough.
    - `not_fame`: matched.auc of ours lies above what fame alone gives: .5. A true partner is held against candidates
      of its own fame only, so whoever orders by fame ties with itself there. A model that learned only popularity may
      well win all.ndcg@10, and against a poor prior other reads too; this it cannot win. Fame bins are a fifth wide,
      though, and on lopsided data the order inside them is worth some hundredths. Where the reading of a popularity
      list is given, its mean is the bound if that is higher. (Not a paired difference: the list orders a whole bin
      alike, its own interval is .1 to .2 wide, and models that are plainly better would be refused.)
    - `skill`, `calibration` (only where a probability is shown): the Brier skill lies above zero, and the equal-mass
      ECE over the shown lists is at most .05.

    Args:
        ours: reading of the learned part.
        prior: reading of what it would replace, of the same queries over the same candidates.
        probabilities: figures of the probability that would be shown, or None where none is.
        popularity: reading of `baselines.popularity` on the same queries, or None.
        margin: of all.ndcg@10, declared before looking, at least 0.
        min_askers: fewest asking partners.
        draws: bootstrap draws, at least 1,000.
        rng: seed of the draws; the same seed gives the same verdict.

    Raises:
        SettingsError: the readings are of different queries, or `margin` is negative.

    """
    if not margin >= 0:
        raise SettingsError(f"margin must be at least 0, it is {margin}.")
    checks = [_askers(ours, min_askers)]
    if checks[0].passed:
        checks += [
            _gain(ours, prior, draws, rng),
            _aggregate(two_way_difference(ours, prior, "all.ndcg@10", draws=draws, rng=rng), margin),
            _not_fame(two_way_mean(ours, "matched.auc", draws=draws, rng=rng), _fame(popularity)),
        ]
    if probabilities is not None:
        checks += [_skill(probabilities.skill), _calibration(probabilities)]
    return Verdict(all(check.passed for check in checks), tuple(checks))


def _askers(ours: Reading, fewest: int) -> Check:
    count = len(set(ours.queries.tolist()))
    enough = count >= fewest
    sentence = f"{count} partners ask; at least {fewest} are needed for an interval that can be trusted."
    return Check("askers", enough, float(count), float(fewest), sentence)


def _gain(ours: Reading, prior: Reading, draws: int, rng: int) -> Check:
    tail, matched = (
        two_way_difference(ours, prior, metric, draws=draws, rng=rng) for metric in ("tail.recall@10", "matched.auc")
    )
    both = (("the tail", tail), ("the matched comparison", matched))
    won = [name for name, one in both if one.above_zero]
    lost = [name for name, one in both if one.high < 0.0]
    passed = bool(won) and not lost  # what one gains must not be paid for by the other
    says = (
        f"Better than the prior in {' and in '.join(won)}" if won else "Not better than the prior where fame is no help"
    )
    says += f", but worse in {' and in '.join(lost)}" if lost else ""
    figure = tail if tail.above_zero or not matched.above_zero else matched
    sentence = f"{says}: tail recall@10 {_told(tail)}, matched AUC {_told(matched)}; one must lie above 0, none below."
    return Check("gain", passed, figure, 0.0, sentence)


def _aggregate(difference: Interval, margin: float) -> Check:
    passed = difference.low >= -margin
    says = "Over all candidates not worse" if passed else "Over all candidates it cannot be ruled out to be worse"
    sentence = (
        f"{says} than the prior by more than {margin:g}: nDCG@10 {_told(difference)}, low end at least -{margin:g}."
    )
    return Check("aggregate", passed, difference, -margin, sentence)


def _fame(popularity: Reading | None) -> float:
    measured = float("nan") if popularity is None else popularity.means()["matched.auc"]
    return max(FAME, measured) if math.isfinite(measured) else FAME


def _not_fame(matched: Interval, fame: float) -> Check:
    passed = matched.low > fame
    says = (
        "Tells partners of equal fame apart"
        if passed
        else "Shows nothing beyond fame: it does not tell partners of equal fame apart, as a model that learned only popularity"
    )
    level = f"{matched.estimate:.3f} [{matched.low:.3f}, {matched.high:.3f}]"
    return Check("not_fame", passed, matched, fame, f"{says}: matched AUC {level}, fame alone gives {fame:.3f}.")


def _skill(skill: Interval) -> Check:
    passed = skill.above_zero
    says = "The shown probability says more" if passed else "The shown probability says no more"
    sentence = f"{says} than the base rate: Brier skill {_told(skill)}, must lie above 0."
    return Check("skill", passed, skill, 0.0, sentence)


def _calibration(probabilities: ProbabilityFigures) -> Check:
    error = probabilities.ece
    passed = error <= MAX_ECE
    says = (
        "What is shown comes true as often as it says"
        if passed
        else "What is shown does not come true as often as it says"
    )
    pairs = f"over {probabilities.shown:,} shown pairs"
    return Check("calibration", passed, error, MAX_ECE, f"{says}: ECE {error:.3f} {pairs}, at most {MAX_ECE:g}.")


def _told(interval: Interval) -> str:
    return f"{interval.estimate:+.3f} [{interval.low:+.3f}, {interval.high:+.3f}]"
