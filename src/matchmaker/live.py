"""A bundle with everything behind it that the store knows: what is written is recommended without a build."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from matchmaker.changes import with_changes
from matchmaker.errors import MatchmakerError
from matchmaker.fitted import Fitted
from matchmaker.fitting import Placed
from matchmaker.matching.build import CONNECTED, OVER
from matchmaker.placing import Placing
from matchmaker.profiles.schema import relation_key
from matchmaker.store import partners, relations
from matchmaker.store.rows import canonical

if TYPE_CHECKING:
    from matchmaker.engine import Matchmaker
    from matchmaker.placing import Placer
    from matchmaker.profiles.schema import Partner
    from matchmaker.store.database import Database

_LOG = logging.getLogger(__name__)
_PAGE = 1000
"""Rows read at a time."""
_BLOCK = 16
"""Partners that are placed together."""
_Mark = tuple[int, tuple[str, ...]]
"""What a placing depends on: the change that wrote the partner, and whom known relations connect it to."""


class Live:
    """The engine of a bundle, kept in step with a store. Any number of threads may read `engine` while one catches up."""

    def __init__(
        self, database: Database, built: Matchmaker, placer: Placer | None = None, beside: Live | None = None
    ) -> None:
        """Apply all that stands in the store to `built`, an engine as it was loaded or fitted. Raises StoreError.

        placer: who places partners on `built`; this process where none is given. beside: one that has caught up further than
        others need; what it has not placed yet is left to `catch_up`, so that whoever takes its place need not wait for that.
        """
        self._database, self._built, self._fitted = database, built, built.fitted
        self._lock = threading.Lock()
        self._placer: Placer = placer or Placing(database, built)
        self._partners: dict[str, partners.Stored] = {}
        self._deleted: set[str] = set()
        self._relations: dict[str, relations.StoredRelation] = {}
        self._placed: dict[str, tuple[_Mark, Placed]] = {}
        self.failed: dict[str, str] = {}
        """Partners that could not be placed, and why; what stood before of each stands on, and the next `catch_up` tries again."""
        # What is written while the tables are read is read again.
        self._change = database.newest() if beside is None else beside.change
        self._read(beside)
        self._place()
        self._engine = self._made()

    @property
    def engine(self) -> Matchmaker:
        """The current engine; it never changes, a newer one takes its place."""
        return self._engine

    @property
    def change(self) -> int:
        """Number of a change that `engine` includes, with all before it."""
        return self._change

    @property
    def placed(self) -> Mapping[str, object]:
        """What stands behind the build, by partner: another object each time that one is placed anew."""
        return self._placed

    @property
    def related(self) -> set[str]:
        """Partners at the ends of relations of the store, deleted ones too."""
        return {end for one in self._relations.values() for end in (one.relation.a, one.relation.b)}

    def catch_up(self, most: int | None = None) -> int:
        """Apply the changes since `change`, `most` of them at most, and try what failed again; the number of changes.

        Raises StoreError.
        """
        with self._lock:
            number, applied = self._change, 0
            while found := self._database.changes(number, _PAGE if most is None else min(most - applied, _PAGE)):
                self._reread({change.target for change in found if change.kind == partners.KIND},
                             {change.target for change in found if change.kind == relations.KIND})  # fmt: skip
                number, applied = found[-1].number, applied + len(found)
            if self._place() or applied:
                self._engine = self._made()
            self._change = number
            return applied

    def _read(self, beside: Live | None) -> None:
        """Take note of the partners and relations of the store, but for partners that `beside` has yet to place."""
        known = set[str]() if beside is None else set(beside.placed)
        with self._database.reading() as connection:
            after = ""
            while found := partners.page(connection, after, _PAGE, deleted=True):
                self._note(
                    one
                    for one in found
                    if beside is None or one.change <= self._change or one.deleted or one.partner.id in known
                )
                after = found[-1].partner.id
            after = ""
            while linked := relations.page(connection, after, _PAGE, deleted=True):
                self._relations.update((one.id, one) for one in linked)
                after = linked[-1].id

    def _reread(self, ids: set[str], linked: set[str]) -> None:
        """Take note of some partners and relations of the store."""
        with self._database.reading() as connection:
            self._note(partners.get(connection, sorted(ids), deleted=True).values())
            self._relations.update(relations.get(connection, sorted(linked), deleted=True))

    def _note(self, found: Iterable[partners.Stored]) -> None:
        for stored in found:
            key = stored.partner.id
            self._partners.pop(key, None)
            self._deleted.discard(key)
            if stored.deleted:
                self._deleted.add(key)
                self._placed.pop(key, None)
            elif self._as_built(stored.partner):
                self._placed.pop(key, None)
            else:
                self._partners[key] = stored

    def _as_built(self, partner: Partner) -> bool:
        row = self._fitted.rows.get(partner.id)
        return row is not None and canonical(self._fitted.profiles.partner(row)) == canonical(partner)

    def _made(self) -> Matchmaker:
        """An engine of what is placed, deleted and related now."""
        known = self._relations.values()
        changed = with_changes(
            self._fitted,
            [one for _, one in self._placed.values()],
            self._deleted,
            [one.relation for one in known if not one.deleted],
            [one.relation for one in known if one.deleted],
        )
        return self._built.on(changed, self._placer.encoder)

    def _place(self) -> bool:
        """Place the partners that are not, or not as they stand now; whether any was."""
        links = _Links(self._fitted, self._relations.values())
        wanted = {key: (stored.change, links.of(key)) for key, stored in self._partners.items()}
        missing = [key for key, mark in wanted.items() if key not in self._placed or self._placed[key][0] != mark]
        failed: dict[str, str] = {}
        for low in range(0, len(missing), _BLOCK):
            block = missing[low : low + _BLOCK]
            found = self._placer.place([(self._partners[key].partner, wanted[key][1]) for key in block])
            for key, placed in zip(block, found, strict=True):
                if isinstance(placed, Exception):
                    failed[key] = str(placed) if isinstance(placed, MatchmakerError) else type(placed).__name__
                    if self.failed.get(key) != failed[key]:
                        _LOG.warning("partner %s cannot be placed: %s", key, type(placed).__name__)
                else:
                    self._placed[key] = (wanted[key], placed)
        self.failed = failed
        return len(failed) < len(missing)


class _Links:
    """Whom known relations connect a partner to, those of the store standing for the built ones."""

    def __init__(self, fitted: Fitted, known: Iterable[relations.StoredRelation]) -> None:
        self._fitted, self._stored = fitted, set[tuple[str, str, str, bool]]()
        self._ends: dict[str, set[str]] = {}
        for one in known:
            relation = one.relation
            self._stored.add(relation_key(relation.a, relation.b, relation.type, directed=relation.directed))
            if not one.deleted and _connects(relation.type, relation.status):
                self._ends.setdefault(relation.a, set()).add(relation.b)
                self._ends.setdefault(relation.b, set()).add(relation.a)

    def of(self, partner: str) -> tuple[str, ...]:
        """Ids, in order."""
        row = self._fitted.rows.get(partner)
        built = {} if row is None else self._fitted.relations.of(row)
        ends = {
            self._fitted.space.ids[other]
            for other, facts in built.items()
            for fact in facts
            if _connects(fact["type"], fact.get("status"))
            and relation_key(fact["a"], fact["b"], fact["type"], directed=fact.get("directed", False))
            not in self._stored
        }
        return tuple(sorted(ends | self._ends.get(partner, set())))


def _connects(kind: str, status: str | None) -> bool:
    return kind in CONNECTED and status not in OVER
