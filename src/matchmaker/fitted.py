"""Everything a fitted engine holds: immutable, swapped whole."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.config import Config
from matchmaker.errors import EncoderError, UnknownPartnerError
from matchmaker.lookup import Lookup
from matchmaker.matching.ragged import Ints, Items
from matchmaker.matching.reasons import Voice
from matchmaker.matching.space import Space
from matchmaker.matching.whitening import Whitening
from matchmaker.naming import Naming, near
from matchmaker.profiles.facets import content_key
from matchmaker.profiles.schema import relation_key
from matchmaker.profiles.table import ProfileTable
from matchmaker.results import BASIS, LEARNED

if TYPE_CHECKING:
    from matchmaker.audience.incidence import Incidence
    from matchmaker.channels import Indexes
    from matchmaker.encoders.base import Encoder
    from matchmaker.finding import Directory
    from matchmaker.lacking import Lacking
    from matchmaker.matching.learned.model import Learned
    from matchmaker.profiles.schema import Demand, Relation
    from matchmaker.projection import Layout
    from matchmaker.retrieval.columns import Columns
    from matchmaker.taught import Taught
    from matchmaker.trajectories.entries import Entries
    from matchmaker.trajectories.gains import DatedAccounts
    from matchmaker.trajectories.grounds import Grounds
    from matchmaker.trajectories.motion import Motion

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

    @cached_property
    def numbers(self) -> dict[tuple[int, int, str, bool], list[int]]:
        """Which relations are of each key."""
        found: dict[tuple[int, int, str, bool], list[int]] = {}
        for number, (a, b, fact) in enumerate(zip(self.a.tolist(), self.b.tolist(), self.facts, strict=True)):
            found.setdefault(relation_key(a, b, fact["type"], directed=fact.get("directed", False)), []).append(number)
        return found

    def changed(
        self, moved: Ints, dropped: Iterable[Relation], rows: dict[str, int], added: RelationTable
    ) -> RelationTable:
        """These relations but those that `dropped` ones stand for, then the `added` ones.

        rows: row of each id here; moved: (n,) the new row of each row, -1 for a partner whose relations go with it.
        """
        known = [one for one in dropped if one.a in rows and one.b in rows]
        keys = {relation_key(rows[one.a], rows[one.b], one.type, directed=one.directed) for one in known}
        a, b = moved[self.a], moved[self.b]
        keep = (a >= 0) & (b >= 0)
        if keys:
            keep[[number for key in keys for number in self.numbers.get(key, ())]] = False
        facts = [*itertools.compress(self.facts, keep.tolist()), *added.facts]
        return RelationTable(np.concatenate((a[keep], added.a)), np.concatenate((b[keep], added.b)), facts)

    def of(self, row: int) -> dict[int, list[dict[str, Any]]]:
        """Relations of one partner, by the row of the other side."""
        found: dict[int, list[dict[str, Any]]] = {}
        for number in np.flatnonzero((self.a == row) | (self.b == row)):
            other = int(self.b[number] if self.a[number] == row else self.a[number])
            found.setdefault(other, []).append(self.facts[number])
        return found


@dataclass(frozen=True)
class Fitted:
    """One ecosystem, ready to answer. encoder: name; fingerprint: of the encoder that made the vectors.

    demand: as it was counted; motion: of dated snapshots; held: who has which account, by population; learned: what history taught;
    these two of the rows as they were built. proof: what the wording of motion rests on, None where no build asked; gains, entries:
    dated customers and segments about to be entered, by row of `motion`. built: what this is a changed form of (changes.py), the
    first rows being its; gone: (n,) bool, rows that no longer stand.
    """

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
    learned: Learned | None = None
    demand: tuple[Demand, ...] = ()
    held: Incidence | None = None
    motion: Motion | None = None
    proof: Grounds | None = None
    gains: DatedAccounts | None = None
    entries: Entries | None = None
    built: Fitted | None = None
    gone: NDArray[np.bool_] | None = None

    @cached_property
    def taught(self) -> Taught | None:
        """What was learned, on the partners that stand; None where answers are the prior's."""
        from matchmaker.taught import Taught  # and SciPy, which the prior has no use for

        return None if self.learned is None else Taught.of(self)

    @cached_property
    def lacking(self) -> Lacking:
        """What partners lack, with what that is found by."""
        from matchmaker.lacking import Lacking

        return Lacking(self)

    @property
    def basis(self) -> str:
        """What answers rest on: declared weights alone (`prior`), or history too."""
        return BASIS if self.learned is None else LEARNED

    @property
    def count(self) -> int:
        """Number of partners that stand."""
        return len(self.space) - (0 if self.gone is None else int(np.count_nonzero(self.gone)))

    @cached_property
    def standing(self) -> NDArray[np.bool_]:
        """(n,) bool, the rows of partners that stand."""
        return np.ones(len(self.space), dtype=bool) if self.gone is None else ~self.gone

    @cached_property
    def rows(self) -> dict[str, int]:
        """Row of each partner id."""
        return self._found("_all_ids", self.space.ids, str)

    @cached_property
    def columns(self) -> Columns:
        """Columnar view for filters."""
        from matchmaker.retrieval.columns import Columns

        if self.built is None:
            return Columns.from_partners(self.profiles.partners())
        late = range(len(self.built.space), len(self.space))
        return self.built.columns.followed_by([self.profiles.partner(row) for row in late])

    @cached_property
    def directory(self) -> Directory:
        """Names, ids and domains to search by."""
        from matchmaker.finding import Directory

        return Directory(
            self.profiles.names, self.space.ids, self.profiles, None if self.built is None else self.built.directory
        )

    @cached_property
    def layout(self) -> Layout:
        """Where the partners stand on the map of the ecosystem; takes seconds."""
        from matchmaker.projection import layout

        return layout(self)

    @cached_property
    def reference_contents(self) -> NDArray[np.str_]:
        """(m,) content key of each reference partner (profiles/facets.py)."""
        if self.built is not None:
            return self.built.reference_contents
        return np.array([content_key(self.profiles.partner(int(row))) for row in self.space.reference])

    @cached_property
    def reference_texts(self) -> tuple[Items, NDArray[np.float64]]:
        """Capabilities and (m, d) headings of the reference partners, float64, as goals are marked against them."""
        if self.built is not None:
            return self.built.reference_texts
        offers = self.space.capabilities.take(self.space.reference)
        wide = Items(offers.vectors.astype(np.float64), offers.offsets)
        return wide, self.space.heading[self.space.reference].astype(np.float64)

    @cached_property
    def known_sizes(self) -> NDArray[np.float64]:
        """Sizes of the distinct partners that state one, ascending."""
        if self.built is not None:
            return self.built.known_sizes
        sizes = self.profiles.sizes[self.space.distinct]
        return np.sort(sizes[~np.isnan(sizes)])

    def check_encoder(self, encoder: Encoder) -> None:
        """Raise EncoderError when `encoder` is not the one that made the stored vectors."""
        if encoder.fingerprint != self.fingerprint:
            raise EncoderError(
                f"The bundle was built with encoder {self.encoder!r} ({self.fingerprint[:12]}), this is {encoder.name!r} "
                f"({encoder.fingerprint[:12]}): their vectors cannot be compared. Use the same encoder, or build again."
            )

    def row(self, partner: str) -> int:
        """Row of a partner given by id, or by its exact name in any case. Raises UnknownPartnerError with near names."""
        found = self.exact(partner)
        if found is None:
            raise UnknownPartnerError(partner, near(partner, Naming.of(self).names))
        return found

    def exact(self, partner: str) -> int | None:
        """Row of a partner given by id, or by its exact name in any case; None where there is none."""
        found = self.rows.get(partner)
        return self._by_name.get(partner.strip().casefold()) if found is None else found

    def name(self, label: str) -> str:
        """Display name of a partner id in lower case, or of a neighbour outside the catalogue, as it is."""
        row = self._lowered.get(label)
        return label if row is None else self.profiles.names[row]

    def known_id(self, name: str) -> str:
        """Id of the stored partner of this id or name in any case, else the name as it is."""
        row = self._lowered.get(name.lower(), self._by_name.get(name.casefold()))
        return name if row is None else self.space.ids[row]

    def is_original(self, partner: str) -> bool:
        """Whether a partner is in the catalogue of the build and no duplicate of another one there."""
        built = self.built or self
        row = built.rows.get(partner)
        return row is not None and row in built._originals

    @cached_property
    def _originals(self) -> frozenset[int]:
        return frozenset(self.space.distinct.tolist())

    def departed(self, label: str) -> bool:
        """Whether a partner of this id in lower case was built and does not stand any more."""
        return label in self._departed

    @cached_property
    def _departed(self) -> frozenset[str]:
        if self.built is None or self.gone is None:
            return frozenset()
        ids = {self.space.ids[row].lower() for row in np.flatnonzero(self.gone)}
        return frozenset(ids - self._lowered.keys())

    @cached_property
    def _by_name(self) -> dict[str, int]:
        return self._found("_all_names", self.profiles.names, str.casefold)

    @cached_property
    def _lowered(self) -> dict[str, int]:
        return self._found("_all_lowered", self.space.ids, str.lower)

    def _found(self, built: str, keys: Sequence[str], plain: Callable[[str], str]) -> dict[str, int]:
        """The first standing row of each key in its `plain` form; `built` names the look-up of all built rows, which is mended."""
        if self.built is None or self.gone is None:
            found: Lookup = getattr(self, built)
            return found.first
        split = len(self.built.space)
        lost = [plain(keys[row]) for row in np.flatnonzero(self.gone).tolist()]
        found = getattr(self.built, built)
        return found.mended(self.gone, lost, [plain(key) for key in keys[split:]])

    @cached_property
    def _all_ids(self) -> Lookup:
        return Lookup.of(self.space.ids)

    @cached_property
    def _all_lowered(self) -> Lookup:
        return Lookup.of(partner.lower() for partner in self.space.ids)

    @cached_property
    def _all_names(self) -> Lookup:
        return Lookup.of(name.casefold() for name in self.profiles.names)

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


def rival_pairs(relations: RelationTable) -> Ints:
    """(r, 2) rows of the pairs that `Fitted.rivals` finds, every one of them."""
    known = [fact["type"] == "competitor" and holds(fact) for fact in relations.facts]
    return np.asarray(np.stack((relations.a, relations.b), axis=1)[np.array(known, dtype=bool)])


def existing(relations: dict[int, list[dict[str, Any]]], kinds: Collection[str] = EXISTING) -> Ints:
    """Rows of the partners that one already has: a current partnership, integration or acquisition, or what `kinds` names."""
    rows = [row for row, facts in relations.items() if any(fact["type"] in kinds and holds(fact) for fact in facts)]
    return np.array(sorted(rows), dtype=np.int64)
