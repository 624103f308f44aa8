"""What stands: the rows of the store over those of the bundle. A row of the store, deleted ones too, hides the built one."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Collection, Container, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import sqlalchemy as sa
from pydantic import BaseModel

from matchmaker.fitted import Fitted
from matchmaker.profiles.schema import Partner, Relation
from matchmaker.store import partners, relations
from matchmaker.store.relations import relation_id
from matchmaker.store.rows import Revised

S = TypeVar("S", bound=Revised)
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Standing(Generic[S, M]):
    """A record that stands. stored: its row in the store, None where the bundle alone has it: revision 0."""

    id: str
    model: M
    stored: S | None

    @property
    def revision(self) -> int:
        """0 as built, else as often as it was written."""
        return 0 if self.stored is None else self.stored.revision


class Built:
    """Partners and relations as a bundle has them."""

    def __init__(self, fitted: Fitted) -> None:
        self._fitted, self._lock = fitted, threading.Lock()

    @cached_property
    def partner_ids(self) -> list[str]:
        """In order."""
        return sorted(self._fitted.space.ids)

    def partner(self, key: str) -> Partner | None:
        """A partner by id."""
        row = self._fitted.rows.get(key)
        return None if row is None else self._fitted.profiles.partner(row)

    def has(self, key: str) -> bool:
        """Whether there is a partner of this id."""
        return key in self._fitted.rows

    def relation(self, key: str) -> Relation | None:
        """A relation by id."""
        return self._relations.get(key)

    def relation_ids(self, partner: str | None) -> list[str]:
        """In order; those of one partner, if it is named."""
        if partner is None:
            return self._relation_order
        row = self._fitted.rows.get(partner)
        facts = {} if row is None else self._fitted.relations.of(row)
        return sorted(relation_id(Relation(**fact)) for several in facts.values() for fact in several)

    @property
    def _relations(self) -> dict[str, Relation]:
        with self._lock:  # read once: a hundred thousand take seconds
            return self._all_relations

    @cached_property
    def _all_relations(self) -> dict[str, Relation]:
        found = [Relation(**fact) for fact in self._fitted.relations.facts]
        return {relation_id(one): one for one in found}

    @cached_property
    def _relation_order(self) -> list[str]:
        return sorted(self._relations)


def standing(connection: sa.Connection, built: Built, keys: Collection[str]) -> set[str]:
    """Which of these partners stand."""
    stored = partners.get(connection, list(keys), deleted=True)
    return {key for key in keys if (not stored[key].deleted if key in stored else built.has(key))}


def partner(connection: sa.Connection, built: Built, key: str) -> Standing[partners.Stored, Partner] | None:
    """A partner that stands."""
    stored = partners.get(connection, [key], deleted=True).get(key)
    if stored is not None:
        return None if stored.deleted else Standing(key, stored.partner, stored)
    known = built.partner(key)
    return None if known is None else Standing(key, known, None)


def relation(connection: sa.Connection, built: Built, key: str) -> Standing[relations.StoredRelation, Relation] | None:
    """A relation that stands."""
    stored = relations.get(connection, [key], deleted=True).get(key)
    if stored is not None:
        return None if stored.deleted else Standing(key, stored.relation, stored)
    known = built.relation(key)
    return None if known is None else Standing(key, known, None)


def partner_page(
    connection: sa.Connection, built: Built, after: str, limit: int
) -> list[Standing[partners.Stored, Partner]]:
    """Up to `limit` partners behind `after`, in the order of ids."""
    stored = partners.page(connection, after, limit)
    own = [Standing(one.partner.id, one.partner, one) for one in stored]

    def unhidden(keys: Sequence[str]) -> list[Standing[partners.Stored, Partner]]:
        return _built(keys, partners.get(connection, keys, deleted=True), built.partner)

    return _merged(own, built.partner_ids, unhidden, after, limit)


def relation_page(
    connection: sa.Connection, built: Built, after: str, limit: int, partner: str | None
) -> list[Standing[relations.StoredRelation, Relation]]:
    """Up to `limit` relations behind `after`, in the order of ids; of one partner, if it is named."""
    stored = relations.page(connection, after, limit, partner=partner)
    own = [Standing(one.id, one.relation, one) for one in stored]

    def unhidden(keys: Sequence[str]) -> list[Standing[relations.StoredRelation, Relation]]:
        return _built(keys, relations.get(connection, keys, deleted=True), built.relation)

    return _merged(own, built.relation_ids(partner), unhidden, after, limit)


def _built(keys: Sequence[str], hidden: Container[str], known: Callable[[str], M | None]) -> list[Standing[S, M]]:
    """The built records of these ids that no row of the store hides."""
    found = ((key, known(key)) for key in keys if key not in hidden)
    return [Standing(key, one, None) for key, one in found if one is not None]


def _merged(
    own: list[Standing[S, M]],
    ids: Sequence[str],
    unhidden: Callable[[Sequence[str]], list[Standing[S, M]]],
    after: str,
    limit: int,
) -> list[Standing[S, M]]:
    """The first `limit` of both, `own` being the first of the store; hidden built ones are passed over."""
    known: list[Standing[S, M]] = []
    place = bisect_right(ids, after)
    while place < len(ids) and len(known) < limit:
        window = ids[place : place + limit]
        known += unhidden(window)
        place += len(window)
    return sorted([*own, *known], key=lambda one: one.id)[:limit]
