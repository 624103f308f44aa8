"""How people name partners: from an id to what is shown, from what is typed to an id, and what is near where nothing fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matchmaker.fitted import Fitted

_NEAREST = 3
"""Partners that are offered at most."""
_ALIKE = 75
"""Likeness from which a name or an id is offered, 0 to 100."""


def near(wanted: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """The partners that `wanted` may stand for, nearest first: “id (name)”, the id alone where it is the name too.

    names: name by id, the id itself where no name is known. Names are compared by words and by parts, ids whole, for a short id
    is part of nearly everything.
    """
    from rapidfuzz import fuzz, process

    ids, text = list(names), wanted.strip().casefold()
    best: dict[int, float] = {}
    for scorer, choices in ((fuzz.ratio, ids), (fuzz.WRatio, [names[one] if names[one] != one else "" for one in ids])):
        found = process.extract(
            text, [one.casefold() for one in choices], scorer=scorer, limit=_NEAREST, score_cutoff=_ALIKE
        )
        for _, likeness, place in found:
            best[place] = max(best.get(place, 0.0), likeness)
    nearest = [ids[place] for place in sorted(best, key=lambda place: (-best[place], place))[:_NEAREST]]
    return tuple(one if names[one] == one else f"{one} ({names[one]})" for one in nearest)


@dataclass(frozen=True)
class Naming:
    """names: name by id, the id itself where no name is known."""

    names: Mapping[str, str]

    @classmethod
    def of(cls, fitted: Fitted) -> Naming:
        """Of the partners that stand."""
        return cls({one: fitted.profiles.names[row] for one, row in fitted.rows.items()})

    def among(self, ids: Iterable[str]) -> Naming:
        """Of these partners, whether or not their names are known."""
        return Naming({one: self.names.get(one, one) for one in ids})

    def shown(self, partner: str) -> str:
        """The name of a partner by id; with the id where others bear that name too; the id alone where no name is known."""
        name = self.names.get(partner, partner)
        return f"{name} ({partner})" if name != partner and self._bearers[name.casefold()] > 1 else name

    def id(self, partner: str) -> str | None:
        """The id of a partner given by id, or by its exact name in any case; None where nobody bears it."""
        return partner if partner in self.names else self._by_name.get(partner.strip().casefold())

    @cached_property
    def _bearers(self) -> Counter[str]:
        return Counter(name.casefold() for name in self.names.values())

    @cached_property
    def _by_name(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for partner, name in self.names.items():
            found.setdefault(name.casefold(), partner)
        return found
