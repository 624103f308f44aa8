"""Why a partner is recommended, from each side, in sentences built from the evidence itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from matchmaker.matching.space import Side, Space

MET = 0.35
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


@dataclass(frozen=True)
class Shared:
    """What both sides have in common: labels by kind, specific terms of both profiles, accounts (None: not known)."""

    labels: dict[str, list[str]]
    terms: list[str]
    accounts: int | None


def meetings(side: Side, other: Side, voice: Voice, other_voice: Voice) -> list[Meeting]:
    """Goals of `side` that a capability of `other` meets better than an own one, best first, each capability once."""
    if not len(side.goals.vectors) or not len(other.capabilities.vectors):
        return []
    cosines = side.goals.vectors @ other.capabilities.vectors.T
    best = cosines.argmax(axis=1)
    found: list[Meeting] = []
    used: set[int] = set()
    for goal in np.argsort(-(cosines.max(axis=1) - side.own), kind="stable"):
        capability, cosine, own = int(best[goal]), float(cosines[goal].max()), float(side.own[goal])
        if cosine >= MET and cosine > own and capability not in used:
            used.add(capability)
            found.append(Meeting(voice.goals[goal], other_voice.capabilities[capability], cosine, own))
    return found


def shared(space: Space, side: Side, other: Side) -> Shared:
    """What two partners have in common, most telling first."""
    labels = {}
    for kind, sets in space.labels.items():
        common = np.intersect1d(side.labels[kind], other.labels[kind])
        if len(common):
            labels[kind] = sets.names(common[np.argsort(-sets.weights[common], kind="stable")])
    accounts = None
    if space.accounts and side.row is not None and other.row is not None:
        known = min(space.accounts.count(side.row), space.accounts.count(other.row))
        count = int(space.accounts.shared(side.row, np.array([other.row]))[0])
        accounts = count if known and count >= _disclosed() else None
    return Shared(labels, _terms(space, side, other), accounts)


def sentence(voice: Voice, other: Voice, met: Sequence[Meeting], common: Shared) -> str:
    """What `other` gives `voice`, in one sentence; says so where the evidence is only nearness."""
    parts = []
    if met:
        whose = "the goals typical of its kind" if voice.goals_from_peers else "its goal"
        parts.append("; ".join(f"“{m.capability}” for {whose} “{m.goal}”" for m in met[:2]))
    audience = [label for kind in ("industries", "company_sizes", "regions") for label in common.labels.get(kind, [])[:2]]
    if audience:
        parts.append(f"both serve {_and(audience)}")
    neighbours = common.labels.get("neighbours", [])
    if neighbours:
        parts.append(f"both connect to {_and(neighbours[:_SHOWN])}")
    if common.accounts:
        parts.append(f"{common.accounts} accounts in common")
    if not parts and common.terms:
        parts.append(f"both profiles speak of {_and(common.terms[:_SHOWN])}")
    if not parts:
        return f"{other.name} stands near {voice.name} in the market; no single fact of the profiles explains it."
    return f"{other.name} gives {voice.name}: {'; '.join(parts)}."


def as_dict(met: Sequence[Meeting]) -> list[dict[str, Any]]:
    """Meetings as plain data, cosines rounded to four digits."""
    return [
        {"goal": m.goal, "capability": m.capability, "cosine": round(m.cosine, 4), "own": round(m.own, 4)} for m in met
    ]


def _terms(space: Space, side: Side, other: Side) -> list[str]:
    """Terms of both profiles, by their share of the lexical cosine."""
    common, mine, theirs = np.intersect1d(side.terms[0], other.terms[0], return_indices=True)
    share = side.terms[1][mine] * other.terms[1][theirs]
    order = np.argsort(-share, kind="stable")[: 2 * _SHOWN]
    return [space.lexical.vocabulary[int(term)] for term in common[order]]


def _disclosed() -> int:
    from matchmaker.audience.overlap import MINIMUM

    return MINIMUM


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
