"""Why a partner is recommended, from each side, in sentences built from the evidence itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from matchmaker.matching.gain import OWN, floor
from matchmaker.matching.space import GLOBAL, NEIGHBOURS, Side, Space

_HAS, _LONG = 0.75, 110
MET = 0.5
"""Cosine from which a capability counts as meeting a goal in a sentence; the score itself has no such cut."""
_SHOWN = 3
_SPECIFIC = float(np.log1p(10.0))
"""Weight of a label that a tenth of the partners carry."""
_COMMON = frozenset(
    (
        "a all an and any are as at be by can do every for from get has have how if in into is it its just makes more "
        "most no not of on or our out own so that the their them they this to up use we what when which who will with "
        "you your "
    ).split()
)
"""Words that explain nothing to a reader; the score does count them."""


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
    """What both sides have in common: labels by kind, specific terms of both profiles, accounts (None: not known).

    links: the shared neighbours that fewer than a tenth of the ecosystem connect to; what everybody connects to shows no market.
    """

    labels: dict[str, list[str]]
    links: list[str]
    terms: list[str]
    accounts: int | None


def meetings(side: Side, other: Side, voice: Voice, other_voice: Voice) -> list[Meeting]:
    """Goals of `side` that a capability of `other` meets beyond the goal's floor (gain.py), best first, each capability once."""
    if not len(side.goals.vectors) or not len(other.capabilities.vectors):
        return []
    cosines = side.goals.vectors @ other.capabilities.vectors.T
    best = cosines.argmax(axis=1)
    found: list[Meeting] = []
    used: set[int] = set()
    gained = cosines.max(axis=1) - floor(side.marks)
    for goal in np.argsort(-gained, kind="stable"):
        capability, cosine, own = int(best[goal]), float(cosines[goal].max()), float(side.marks[goal, OWN])
        if cosine >= MET and gained[goal] > 0 and capability not in used:
            used.add(capability)
            found.append(Meeting(voice.goals[goal], other_voice.capabilities[capability], cosine, own))
    return found


def shared(space: Space, side: Side, other: Side) -> Shared:
    """What two partners have in common, most telling first."""
    labels: dict[str, list[str]] = {}
    links: list[str] = []
    for kind, sets in space.labels.items():
        common = set(side.labels[kind].tolist()) & set(other.labels[kind].tolist())
        if common:
            ordered = sorted(common, key=lambda code: (-sets.weights[code], code))
            labels[kind] = sets.names(ordered)
            if kind == NEIGHBOURS:
                links = sets.names(code for code in ordered if sets.weights[code] >= _SPECIFIC)
    accounts = None
    if space.accounts and side.row is not None and other.row is not None:
        known = min(space.accounts.count(side.row), space.accounts.count(other.row))
        count = int(space.accounts.shared(side.row, np.array([other.row]))[0])
        accounts = count if known and count >= _disclosed() else None
    return Shared(labels, links, _terms(space, side, other), accounts)


def brings(side: Side, other: Side, other_voice: Voice) -> str | None:
    """The capability of `other` that suits the audience of `side` best among those that `side` has not: for want of goals."""
    theirs = other.capabilities.vectors
    if not len(theirs) or not side.heading.any():
        return None
    mine = side.capabilities.vectors
    own = (theirs @ mine.T).max(axis=1) if len(mine) else np.zeros(len(theirs))
    if not np.any(own < _HAS):
        return None
    return str(other_voice.capabilities[int(np.argmax(np.where(own < _HAS, theirs @ side.heading - own, -np.inf)))])


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


def _terms(space: Space, side: Side, other: Side) -> list[str]:
    """Terms of both profiles, by their share of the lexical cosine."""
    common, mine, theirs = np.intersect1d(side.terms[0], other.terms[0], assume_unique=True, return_indices=True)
    share = side.terms[1][mine] * other.terms[1][theirs]
    told: list[str] = []
    for place in np.lexsort((common, -share)):
        word = space.lexical.vocabulary[int(common[place])]
        if len(word) > 2 and not set(word.split()) & _COMMON:
            told.append(word)
            if len(told) == 2 * _SHOWN:
                break
    return told


def _disclosed() -> int:
    from matchmaker.audience.overlap import MINIMUM

    return MINIMUM


def _and(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
