"""Everything a fitted engine holds: immutable, swapped whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.config import Config
from matchmaker.errors import UnknownPartnerError
from matchmaker.matching.ragged import Ints
from matchmaker.matching.reasons import Voice
from matchmaker.matching.space import Space
from matchmaker.matching.whitening import Whitening
from matchmaker.profiles.table import ProfileTable

if TYPE_CHECKING:
    from matchmaker.channels import Indexes
    from matchmaker.profiles.schema import Relation
    from matchmaker.retrieval.filters import Columns

CURRENT = frozenset({"announced", "active"})
EXISTING = frozenset({"partnership", "integration", "acquisition"})


@dataclass(frozen=True)
class RelationTable:
    """Known relations between stored partners. a, b: (r,) int64 rows; facts: what is known of each relation."""

    a: Ints
    b: Ints
    facts: list[dict[str, Any]]

    @classmethod
    def build(cls, relations: Iterable[Relation], rows: dict[str, int]) -> RelationTable:
        """Table of the relations, partners given by row."""
        kept = list(relations)
        return cls(
            np.array([rows[relation.a] for relation in kept], dtype=np.int64),
            np.array([rows[relation.b] for relation in kept], dtype=np.int64),
            [relation.model_dump(mode="json", exclude_none=True) for relation in kept],
        )

    def of(self, row: int) -> dict[int, list[dict[str, Any]]]:
        """Relations of one partner, by the row of the other side."""
        found: dict[int, list[dict[str, Any]]] = {}
        for number in np.flatnonzero((self.a == row) | (self.b == row)):
            other = int(self.b[number] if self.a[number] == row else self.a[number])
            found.setdefault(other, []).append(self.facts[number])
        return found


@dataclass(frozen=True)
class Fitted:
    """One ecosystem, ready to answer. encoder: name; fingerprint: of the encoder that made the vectors."""

    config: Config
    encoder: str
    fingerprint: str
    space: Space
    whitening: dict[str, Whitening]
    profiles: ProfileTable
    relations: RelationTable
    indexes: Indexes
    catalogue: str
    version: str = "unsaved"

    @cached_property
    def rows(self) -> dict[str, int]:
        """Row of each partner id."""
        return {partner: row for row, partner in enumerate(self.space.ids)}

    @cached_property
    def columns(self) -> Columns:
        """Columnar view for filters."""
        from matchmaker.retrieval.filters import Columns

        return Columns.from_partners(self.profiles.partners())

    def row(self, partner: str) -> int:
        """Row of a partner given by id, or by its exact name in any case. Raises UnknownPartnerError with near names."""
        found = self.rows.get(partner)
        if found is not None:
            return found
        wanted = partner.strip().casefold()
        if wanted in self._by_name:
            return self._by_name[wanted]
        raise UnknownPartnerError(partner, self._near(wanted))

    def name(self, label: str) -> str:
        """Display name of a partner id in lower case, or of a neighbour outside the catalogue, as it is."""
        row = self._lowered.get(label)
        return label if row is None else self.profiles.names[row]

    def known_id(self, name: str) -> str:
        """Id of the stored partner of this id or name in any case, else the name as it is."""
        row = self._lowered.get(name.lower(), self._by_name.get(name.casefold()))
        return name if row is None else self.space.ids[row]

    @cached_property
    def _by_name(self) -> dict[str, int]:
        return {name.casefold(): row for row, name in reversed(list(enumerate(self.profiles.names)))}

    @cached_property
    def _lowered(self) -> dict[str, int]:
        return {partner.lower(): row for row, partner in enumerate(self.space.ids)}

    def voice(self, row: int) -> Voice:
        """The texts behind one partner's vectors."""
        return voice_of(self.profiles.shown([row])[0])

    def rivals(self, relations: dict[int, list[dict[str, Any]]], rows: Ints) -> NDArray[np.bool_]:
        """Which of `rows` have an explicit competitor relation among `relations`."""
        rival = {
            row
            for row, facts in relations.items()
            if any(fact["type"] == "competitor" and holds(fact) for fact in facts)
        }
        return np.isin(rows, np.array(sorted(rival), dtype=np.int64))

    def _near(self, wanted: str) -> tuple[str, ...]:
        from rapidfuzz import fuzz, process

        names = self.profiles.names
        near = process.extract(
            wanted, [name.casefold() for name in names], scorer=fuzz.WRatio, limit=3, score_cutoff=75
        )
        return tuple(f"{self.space.ids[row]} ({names[row]})" for _, _, row in near)


def holds(fact: dict[str, Any]) -> bool:
    """Whether a relation is in force today: announced or active, or of no stated status."""
    return (fact.get("status") or "active") in CURRENT


def voice_of(shown: dict[str, Any]) -> Voice:
    """The texts of one partner from its shown columns."""
    return Voice(
        name=shown["name"],
        goals=shown["facet_goals"],
        capabilities=shown["facet_capabilities"],
        audience=shown["facet_audience"],
        goals_from_peers="goals" in shown["inferred"],
    )


def existing(relations: dict[int, list[dict[str, Any]]]) -> Ints:
    """Rows of the partners that one already has: a current partnership, integration or acquisition."""
    rows = [row for row, facts in relations.items() if any(fact["type"] in EXISTING and holds(fact) for fact in facts)]
    return np.array(sorted(rows), dtype=np.int64)
