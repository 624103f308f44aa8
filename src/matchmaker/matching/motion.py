"""What two partners could do together: the motions that the evidence supports, several at once, each with its evidence.

technology  integrate: interfaces that fit, and a link that neighbours already show to be wanted
strategic   co-market: audiences near, capabilities apart · co-sell: each side meets goals of the other · refer: one audience,
            nothing to defend between them
"""

from __future__ import annotations

from dataclasses import dataclass

from matchmaker.matching.fit_type import COMPETITOR
from matchmaker.matching.reasons import Meeting, Shared

NEAR = 0.7


@dataclass(frozen=True)
class Motion:
    """One motion: `kind` technology or strategic, `name` integrate, co-market, co-sell or refer, and why."""

    kind: str
    name: str
    evidence: str


@dataclass(frozen=True)
class Signals:
    """What the rules read. audience, redundancy: mean percentile of both sides in [0, 1), None when unknown."""

    fit_type: str
    audience: float | None
    redundancy: float | None
    gives: list[Meeting]
    gets: list[Meeting]
    common: Shared
    connected: bool


def motions(signals: Signals) -> list[Motion]:
    """Motions in the order technology, co-market, co-sell, refer; empty when nothing is supported."""
    found = [_integrate(signals), _co_market(signals), _co_sell(signals), _refer(signals)]
    return [motion for motion in found if motion is not None]


def _integrate(signals: Signals) -> Motion | None:
    if signals.connected:
        return Motion("technology", "integrate", "an integration is known already: deepen it")
    objects, neighbours = signals.common.labels.get("objects", []), signals.common.labels.get("neighbours", [])
    parts = []
    if objects:
        parts.append(f"both handle {', '.join(objects[:4])}")
    if neighbours:
        parts.append(f"both connect to {', '.join(neighbours[:3])}")
    if signals.common.labels.get("auth"):
        parts.append(f"both authenticate by {', '.join(signals.common.labels['auth'][:2])}")
    enough = bool(objects) + bool(neighbours)
    return Motion("technology", "integrate", "; ".join(parts)) if enough and signals.fit_type != COMPETITOR else None


def _co_market(signals: Signals) -> Motion | None:
    if signals.audience is None or signals.audience < NEAR or signals.fit_type == COMPETITOR:
        return None
    served = [label for kind in ("industries", "company_sizes") for label in signals.common.labels.get(kind, [])[:2]]
    tail = f", both serving {', '.join(served)}" if served else ""
    return Motion("strategic", "co-market", f"audiences nearer than {signals.audience:.0%} of pairs{tail}")


def _co_sell(signals: Signals) -> Motion | None:
    if not (signals.gives and signals.gets) or signals.fit_type == COMPETITOR:
        return None
    gets, gives = signals.gets[0], signals.gives[0]
    return Motion("strategic", "co-sell", f"“{gets.capability}” one way, “{gives.capability}” the other")


def _refer(signals: Signals) -> Motion | None:
    apart = signals.redundancy is not None and signals.redundancy < 0.5
    near = signals.audience is not None and signals.audience >= 0.5
    if not (apart and near) or not (signals.gives or signals.gets or signals.common.accounts):
        return None
    return Motion("strategic", "refer", "one audience, and capabilities that do not stand in for one another")
