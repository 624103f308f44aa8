"""Audiences that somebody asks for and nobody states to serve: combinations of industry, customer size and region.

A combination is read from a stated goal (`apparel brands in Germany`), or from the segment of accounts that are prospects or
opportunities: label words of the catalogue's own vocabulary. What is not said of a dimension stays open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from matchmaker.matching.space import GLOBAL

if TYPE_CHECKING:
    from matchmaker.profiles.accounts import AccountTable
    from matchmaker.profiles.schema import Partner

DIMENSIONS = ("industries", "company_sizes", "regions")
MINIMUM = 20
"""Fewer accounts than this are not told of, nor is any exact number: `BANDS` says how many there are at least."""
BANDS = (20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 100_000, 1_000_000)
_LONGEST = 4
_WORD = re.compile(r"[^\W_]+(?:[&'-][^\W_]+)*")

Combination = tuple[str | None, str | None, str | None]
"""One label or None for each of `DIMENSIONS`; None is open."""


@dataclass(frozen=True)
class Asked:
    """Who asks for a combination. partners: ids; goals: their words; accounts: at least so many, None where too few are known."""

    partners: tuple[str, ...]
    goals: tuple[str, ...]
    accounts: int | None


def asked_for(
    members: Sequence[Partner], accounts: AccountTable | None, known: Iterable[Partner]
) -> dict[Combination, Asked]:
    """The combinations that members' goals or the segments of their prospects name, in the labels of all `known` partners.

    A combination that the members have `MINIMUM` customers of is served, and not among them.
    """
    words = _vocabulary(known)
    goals: dict[Combination, dict[tuple[str, str], None]] = {}
    for partner in members:
        for text in dict.fromkeys((*partner.goals, *partner.needs)):
            for one in combinations(text, words):
                goals.setdefault(one, {})[partner.id, text] = None
    sold, wanted = _segments(accounts, {partner.id for partner in members}, words) if accounts else ({}, {})
    return {
        one: Asked(
            tuple(dict.fromkeys(who for who, _ in goals.get(one, ()))),
            tuple(dict.fromkeys(text for _, text in goals.get(one, ()))),
            wanted.get(one),
        )
        for one in sorted({*goals, *wanted} - sold.keys(), key=str)
    }


def serves(partner: Partner, asked: Combination) -> bool:
    """Whether the partner states every label of the combination; one that serves everywhere serves each region."""
    for dimension, label in zip(DIMENSIONS, asked, strict=True):
        stated = {value.strip().lower() for value in getattr(partner, dimension)}
        everywhere = dimension == "regions" and GLOBAL in stated
        if label is not None and label not in stated and not everywhere:
            return False
    return True


def combinations(text: str, words: Mapping[tuple[str, ...], tuple[int, str]]) -> list[Combination]:
    """Every combination of the labels that a text names, at most one label of each dimension in each."""
    tokens = [_plain(word) for word in _WORD.findall(text.lower())]
    found: list[list[str | None]] = [[], [], []]
    at = 0
    while at < len(tokens):
        length = next((n for n in range(_LONGEST, 0, -1) if tuple(tokens[at : at + n]) in words), 0)
        if length:
            dimension, label = words[tuple(tokens[at : at + length])]
            found[dimension].append(label)
        at += max(length, 1)
    if not any(found):
        return []
    return [(a, b, c) for a, b, c in product(*(dict.fromkeys(labels or [None]) for labels in found))]


def _vocabulary(known: Iterable[Partner]) -> dict[tuple[str, ...], tuple[int, str]]:
    """Words of each label -> its dimension and the label in lower case; a label of two dimensions belongs to the first."""
    words: dict[tuple[str, ...], tuple[int, str]] = {}
    for partner in known:
        for dimension, name in enumerate(DIMENSIONS):
            for value in getattr(partner, name):
                label = value.strip().lower()
                tokens = tuple(_plain(word) for word in _WORD.findall(label))
                if tokens and label != GLOBAL and (tokens not in words or words[tokens] > (dimension, label)):
                    words[tokens] = (dimension, label)
    return words


def _plain(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _segments(
    accounts: AccountTable, members: set[str], words: Mapping[tuple[str, ...], tuple[int, str]]
) -> tuple[dict[Combination, int], dict[Combination, int]]:
    """Combinations that members' customers, and their prospects and opportunities, are of -> accounts at least."""
    sold: dict[Combination, set[str]] = {}
    wanted: dict[Combination, set[str]] = {}
    rows = zip(accounts.partner_ids, accounts.accounts, accounts.populations, accounts.segments, strict=True)
    for who, account, population, segment in rows:
        if segment and who in members:
            for one in combinations(segment, words):
                (sold if population == "customer" else wanted).setdefault(one, set()).add(account)
    return _told(sold), _told(wanted)


def _told(held: Mapping[Combination, set[str]]) -> dict[Combination, int]:
    """The band of each number of accounts; what lies below the minimum is left out."""
    counts = {one: len(accounts) for one, accounts in held.items()}
    return {one: max(band for band in BANDS if band <= count) for one, count in counts.items() if count >= MINIMUM}
