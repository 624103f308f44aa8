"""What the wording rests on: a backtest of the partnerships that came of motion, or the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from matchmaker.trajectories.backtest import backtest, begun_between, origins_of, relation_event
from matchmaker.trajectories.field import YEAR, Snapshots
from matchmaker.trajectories.motion import HORIZON
from matchmaker.trajectories.proof import MIN_EVENTS, MIN_ORIGINS
from matchmaker.trajectories.wording import wording

if TYPE_CHECKING:
    from matchmaker.profiles.schema import Relation
    from matchmaker.progress import Progress

MOST = 1_000
"""Partners up to which a build makes the backtest (docs/collisions.md says what it costs)."""
ORIGINS = 4
"""Origins of a backtest at build, the latest ones."""
_FAILED = {
    "enough": "there are too few events, partners or days to ask from",
    "independent": "what came true was read from the same texts",
    "beats": "it is not surely better than every simpler guess",
    "placebos": "snapshots in a wrong order do too well",
    "calibrated": "its chances were not shown to fit what came true",
}
"""What it means that a check (proof.py) failed, for people; its figures stand in the proof."""
_COMMAND = "`matchmaker collisions --backtest --snapshots FILE --relations FILE`"


@dataclass(frozen=True)
class Grounds:
    """proof: `Proof.to_dict` of the backtest of partnerships, None where none was made; reason: why there is none."""

    proof: Mapping[str, Any] | None
    reason: str = ""

    def predicts(self, years: float) -> bool:
        """Whether the rule was met by every check, `years` ahead: a backtest of another horizon says nothing of this one."""
        proof = self.proof
        return (
            proof is not None
            and bool(proof["predicts"])
            and all(check["passed"] for check in proof["checks"])
            and math.isclose(proof["years"], years)
        )

    def wording(self, years: float) -> str:
        """The sentence that an answer about converging trajectories carries."""
        return wording(self.predicts(years))

    def sentence(self, years: float) -> str:
        """What the wording rests on, for people: events, origins, and which checks failed."""
        if self.proof is None:
            return f"No backtest of partnerships stands behind this: {self.reason}."
        proof = self.proof
        asked = f"{proof['events']:,} events ({proof['event']}) among {proof['pairs']:,} pairs"
        when = f"{_years(proof['years'])} ahead of {_origins(proof['origins'])}"
        other = "" if math.isclose(proof["years"], years) else f"; nothing was asked of {_years(years)} ahead"
        return f"Backtest of {asked}, {when}: {self._outcome()}{other}."

    def _outcome(self) -> str:
        checks = self.proof["checks"] if self.proof else ()
        failed = [check["name"] for check in checks if not check["passed"]]
        if not failed:
            return f"all {len(checks)} checks passed"
        why = "; ".join(_FAILED.get(name, name) for name in failed)
        return f"{len(failed)} of {len(checks)} checks failed ({why})"

    def to_dict(self) -> dict[str, Any]:
        """Plain mapping for JSON."""
        return {"proof": None if self.proof is None else dict(self.proof), "reason": self.reason}


def grounds_of(
    facets: Mapping[str, Snapshots],
    relations: Sequence[Relation],
    ids: Sequence[str],
    *,
    years: float = HORIZON,
    most: int | None = None,
    origins: int | None = None,
    progress: Progress | None = None,
) -> Grounds:
    """Backtest of the partnerships between partners `ids`, in the order of the snapshots, where the rule could be met at all.

    most: partners beyond which none is made; origins: how many of the latest are asked; both None for no bound.
    """
    first = next(iter(facets.values()))
    days = origins_of(first.dates, years)[-(origins or 0) :]
    reason = _lacking(days, relations, ids, years, most)
    if reason:
        return Grounds(None, reason)
    event = relation_event(relations, ids)
    return Grounds(backtest(facets, event, years=years, origins=days, progress=progress).to_dict())


def _lacking(
    days: Sequence[np.datetime64], relations: Sequence[Relation], ids: Sequence[str], years: float, most: int | None
) -> str:
    """Why no backtest is made; empty where one is."""
    if most is not None and len(ids) > most:
        return f"{len(ids):,} partners are more than the {most:,} for which a build makes one; ask with {_COMMAND}"
    if len(days) < MIN_ORIGINS:
        needed = f"needed are {MIN_ORIGINS}, each with four dates up to it and {_years(years)} of snapshots after it"
        return f"the snapshots leave {_counted(len(days))} to ask from; {needed}"
    end = days[-1] + np.timedelta64(round(years * YEAR), "D")
    events = begun_between(relations, ids, days[0], end)
    if events < MIN_EVENTS:
        told = "pair began a dated partnership" if events == 1 else "pairs began dated partnerships"
        return f"{events} {told} or integration{'' if events == 1 else 's'} after {days[0]}; needed are {MIN_EVENTS}"
    return ""


def _years(years: float) -> str:
    return f"{years:g} year{'' if years == 1 else 's'}"


def _origins(days: Sequence[str]) -> str:
    return f"{_counted(len(days))}, {days[0]}" + (f" to {days[-1]}" if len(days) > 1 else "")


def _counted(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"
