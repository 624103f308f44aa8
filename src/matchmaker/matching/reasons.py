"""Why a partner is recommended, from each side, in sentences built from the evidence itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from matchmaker.matching.closeness import Closeness
from matchmaker.matching.gain import OWN, floor
from matchmaker.matching.shared import Shared
from matchmaker.matching.space import GLOBAL

_HAS, _LONG = 0.75, 110
MET = 0.53
"""Cosine from which a capability counts as meeting a goal in a sentence; the score itself has no such cut."""
_SHOWN = 3


@dataclass(frozen=True)
class Meeting:
    """A goal of one side met by a capability of the other. cosine, own: in [0, 1]; own is the goal's best own capability."""

    goal: str
    capability: str
    cosine: float
    own: float


@dataclass(frozen=True)
class Voice:
    """The texts behind one partner's vectors, in the order of its goal and capability vectors."""

    name: str
    goals: Sequence[str]
    capabilities: Sequence[str]
    audience: str = ""
    goals_from_peers: bool = False


def meetings(near: Closeness, voice: Voice, other_voice: Voice) -> list[Meeting]:
    """Goals of the receiver that the giver's capabilities meet beyond their floor (gain.py), best first, each capability once."""
    if not near.met.size or near.met.max() < MET:
        return []
    best = near.met.argmax(axis=1)
    found: list[Meeting] = []
    used: set[int] = set()
    gained = near.met.max(axis=1) - floor(near.marks)
    for goal in np.argsort(-gained, kind="stable"):
        capability, cosine, own = int(best[goal]), float(near.met[goal].max()), float(near.marks[goal, OWN])
        if cosine >= MET and gained[goal] > 0 and capability not in used:
            used.add(capability)
            found.append(Meeting(voice.goals[goal], other_voice.capabilities[capability], cosine, own))
    return found


def brings(near: Closeness, other_voice: Voice) -> str | None:
    """The giver's capability that suits the receiver's audience best among those that it has not: for want of goals."""
    if not near.heard:
        return None
    both = zip(near.suits.tolist(), near.own.tolist(), strict=True)
    new = [(suits - own, -place) for place, (suits, own) in enumerate(both) if own < _HAS]
    return str(other_voice.capabilities[-max(new)[1]]) if new else None


def sentence(voice: Voice, other: Voice, met: Sequence[Meeting], common: Shared, brought: str | None = None) -> str:
    """What `other` gives `voice`, in one sentence; says so where the evidence is only nearness."""
    parts = []
    if not met and brought:
        parts.append(f"“{_short(brought)}”, which it does not offer itself")
    if met:
        whose = "the goals typical of its kind" if voice.goals_from_peers else "its goal"
        parts.append("; ".join(f"“{_short(m.capability)}” for {whose} “{_short(m.goal)}”" for m in met[:2]))
    if served := _served(common):
        parts.append(f"both serve {served}")
    neighbours = common.labels.get("neighbours", [])
    if neighbours:
        parts.append(f"both connect to {_and(neighbours[:_SHOWN])}")
    if common.accounts:
        parts.append(f"{common.accounts} accounts in common")
    if not met and common.terms:
        parts.append(f"both profiles speak of {_and(common.terms[:_SHOWN])}")
    if not parts:
        return f"{other.name} stands near {voice.name} in the market; no single fact of the profiles explains it."
    return f"{other.name} gives {voice.name}: {'; '.join(parts)}."


def _served(common: Shared) -> str:
    """The customers that both serve: `small customers in beauty, in Canada`; empty where nothing is shared."""
    sizes, industries, regions = (
        common.labels.get(kind, [])[:2] for kind in ("company_sizes", "industries", "regions")
    )
    if not (sizes or industries or regions):
        return ""
    regions = [GLOBAL] if GLOBAL in common.labels.get("regions", []) else regions  # which says it all
    who = f"{_and(sizes)} customers" if sizes else "customers"
    what = f" in {_and(industries)}" if industries else ""
    where = f"{',' if industries else ''} in {_and([_place(region) for region in regions])}" if regions else ""
    return who + what + where


def _place(region: str) -> str:
    return "every region" if region == GLOBAL else region.title()


def _short(text: str) -> str:
    return text if len(text) <= _LONG else text[: text.rfind(" ", 0, _LONG)] + " …"


def as_dict(met: Sequence[Meeting]) -> list[dict[str, Any]]:
    """Meetings as plain data, cosines rounded to four digits."""
    return [
        {"goal": m.goal, "capability": m.capability, "cosine": round(m.cosine, 4), "own": round(m.own, 4)} for m in met
    ]


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
