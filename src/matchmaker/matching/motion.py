"""What two partners could do together: the motions that the evidence supports, several at once, each with its evidence.

technology  integrate: objects that both handle and a goal met or a specific shared neighbour, which show that the link is wanted
strategic   co-market: audiences near, capabilities apart · co-sell: each side meets goals of the other · refer: one audience,
            nothing to defend between them
"""

from __future__ import annotations

from dataclasses import dataclass

from matchmaker.matching.fit_type import COMPETITOR
from matchmaker.matching.reasons import Meeting
from matchmaker.matching.shared import Shared

NEAR = 0.7
_SEVERAL = 2


@dataclass(frozen=True)
class Motion:
    """One motion: `kind` technology or strategic, `name` integrate, co-market, co-sell or refer, and why."""

    kind: str
    name: str
    evidence: str


@dataclass(frozen=True)
class Signals:
    """What the rules read. audience, redundancy: mean percentile of both sides in [0, 1), None when unknown.

    stated: whether both audiences are stated; where they are not, whole profiles stand in.
    """

    fit_type: str
    audience: float | None
    redundancy: float | None
    gives: list[Meeting]
    gets: list[Meeting]
    common: Shared
    connected: bool
    stated: bool = True


def motions(signals: Signals) -> list[Motion]:
    """Motions in the order technology, co-market, co-sell, refer; empty when nothing is supported."""
    found = [_integrate(signals), _co_market(signals), _co_sell(signals), _refer(signals)]
    return [motion for motion in found if motion is not None]


def _integrate(signals: Signals) -> Motion | None:
    """A link needs an interface that fits and a sign that it is wanted, or several specific neighbours that have both."""
    if signals.connected:
        return Motion("technology", "integrate", "an integration is known already: deepen it")
    if signals.fit_type == COMPETITOR:
        return None
    objects, links = signals.common.labels.get("objects", []), signals.common.links
    met = [*signals.gets[:1], *signals.gives[:1]]
    if not (len(links) >= _SEVERAL or (objects and (met or links))):
        return None
    parts = [f"both handle {', '.join(objects[:4])}"] if objects else []
    parts += [f"“{meeting.capability}” is wanted for “{meeting.goal}”" for meeting in met[:1]]
    parts += [f"both connect to {', '.join(links[:3])}"] if links else []
    return Motion("technology", "integrate", "; ".join(parts))


def _co_market(signals: Signals) -> Motion | None:
    if signals.audience is None or signals.audience < NEAR or signals.fit_type == COMPETITOR:
        return None
    served = [label for kind in ("industries", "company_sizes") for label in signals.common.labels.get(kind, [])[:2]]
    tail = f", both serving {', '.join(served)}" if served else ""
    what = "audiences" if signals.stated else "profiles"
    return Motion("strategic", "co-market", f"{what} nearer than {int(100 * signals.audience)}% of pairs{tail}")


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
