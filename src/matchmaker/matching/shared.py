"""What two partners have in common: labels, specific words, accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from matchmaker.matching.space import NEIGHBOURS, Side, Space

TERMS = 6
"""Terms that are told at most."""
_SPECIFIC = float(np.log1p(10.0))
"""Weight of a label that a tenth of the partners carry."""
_COMMON = frozenset(
    (
        "a all also an and any are as at be by can day days do every for from get has have how hundred hundreds if in into is "
        "it its just makes many more most new no not of on one or other our out own so some such than that the their them "
        "these they this those three to two up us use used using very was we were what when where which who will with "
        "without you your "
    ).split()
)
"""Words that explain nothing to a reader; the score does count them."""


@dataclass(frozen=True)
class Shared:
    """What both sides have in common: labels by kind, specific terms of both profiles, accounts (None: not known).

    links: the shared neighbours that fewer than a tenth of the ecosystem connect to; what everybody connects to shows no market.
    """

    labels: dict[str, list[str]]
    links: list[str]
    terms: list[str]
    accounts: int | None


@lru_cache(maxsize=1 << 16)
def _tells(word: str) -> bool:
    """Whether a term tells a reader something."""
    return len(word) > 2 and _COMMON.isdisjoint(word.split())


class Sharing:
    """What one side has in common with the partners at `rows`."""

    def __init__(self, space: Space, side: Side, rows: Sequence[int]) -> None:
        self._space, self._row = space, side.row
        self._labels = {kind: set(codes.tolist()) for kind, codes in side.labels.items() if len(codes)}
        shares = space.lexical.shares(side.terms, np.array(rows, dtype=np.int64))
        self._terms = dict(zip(rows, shares, strict=True))

    def with_partner(self, row: int) -> Shared:
        """What the side has in common with the partner at `row`, most telling first."""
        labels: dict[str, list[str]] = {}
        links: list[str] = []
        for kind, mine in self._labels.items():
            sets = self._space.labels[kind]
            common = [code for code in sets.of(row).tolist() if code in mine]
            if common:
                ordered = sorted(common, key=lambda code: (-sets.weights[code], code))
                labels[kind] = sets.names(ordered)
                if kind == NEIGHBOURS:
                    links = sets.names(code for code in ordered if sets.weights[code] >= _SPECIFIC)
        return Shared(labels, links, self._told(self._terms[row]), self._accounts(row))

    def _told(self, terms: Sequence[int]) -> list[str]:
        """The words that tell a reader something, of terms in the order of their share of the lexical cosine."""
        told: list[str] = []
        for term in terms:
            word = self._space.lexical.vocabulary[term]
            if _tells(word):
                told.append(word)
                if len(told) == TERMS:
                    break
        return told

    def _accounts(self, row: int) -> int | None:
        """Accounts in common; None where they are not known or too few to tell."""
        accounts = self._space.accounts
        if accounts is None or self._row is None:
            return None
        from matchmaker.audience.overlap import MINIMUM

        known = min(accounts.count(self._row), accounts.count(row))
        count = int(accounts.shared(self._row, np.array([row]))[0])
        return count if known and count >= MINIMUM else None
