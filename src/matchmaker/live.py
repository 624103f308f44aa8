"""A bundle with everything behind it that the store knows: what is written is recommended without a build."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matchmaker.changes import with_changes
from matchmaker.errors import MatchmakerError
from matchmaker.fitted import Fitted
from matchmaker.fitting import Placed, place, texts_of
from matchmaker.matching.build import CONNECTED, OVER
from matchmaker.profiles.schema import relation_key
from matchmaker.store import partners, relations
from matchmaker.store.rows import canonical
from matchmaker.store.vectors import StoreEncoder

if TYPE_CHECKING:
    from matchmaker.encoders.base import Encoder
    from matchmaker.engine import Matchmaker
    from matchmaker.profiles.schema import Partner
    from matchmaker.progress import Progress
    from matchmaker.store.database import Database

_LOG = logging.getLogger(__name__)
_PAGE = 1000
"""Rows read at a time."""
_BLOCK = 64
"""Partners whose texts are encoded together."""
_Mark = tuple[int, tuple[str, ...]]
"""What a placing depends on: the change that wrote the partner, and whom known relations connect it to."""


class Live:
    """The engine of a bundle, kept in step with a store. Any number of threads may read `engine` while one catches up."""

    def __init__(self, database: Database, built: Matchmaker) -> None:
        """Apply all that stands in the store to `built`, an engine as it was loaded or fitted. Raises StoreError."""
        self._database, self._built, self._fitted = database, built, built.fitted
        self._lock = threading.Lock()
        fitted = self._fitted
        self._encoder = StoreEncoder(
            database,
            fitted.encoder,
            fitted.fingerprint,
            fitted.space.heading.shape[1],
            partial(_opened, built, fitted, threading.Lock()),
        )
        self._partners: dict[str, partners.Stored] = {}
        self._deleted: set[str] = set()
        self._relations: dict[str, relations.StoredRelation] = {}
        self._placed: dict[str, tuple[_Mark, Placed]] = {}
        self.failed: dict[str, str] = {}
        """Partners that could not be placed, and why; what stood before of each stands on, and the next `catch_up` tries again."""
        self._change = database.newest()  # what is written while the tables are read is read again
        self._read()
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

    def catch_up(self) -> int:
        """Apply the changes since `change`, and try what failed again; the number of changes. Raises StoreError."""
        with self._lock:
            number, applied = self._change, 0
            while found := self._database.changes(number, _PAGE):
                self._reread({change.target for change in found if change.kind == partners.KIND},
                             {change.target for change in found if change.kind == relations.KIND})  # fmt: skip
                number, applied = found[-1].number, applied + len(found)
            if self._place() or applied:
                self._engine = self._made()
            self._change = number
            return applied

    def with_bundle(self, built: Matchmaker) -> Live:
        """The same store on another bundle, ready to answer; this one goes on as it is. Raises StoreError."""
        return Live(self._database, built)

    def _read(self) -> None:
        """Take note of all partners and relations of the store."""
        with self._database.reading() as connection:
            after = ""
            while found := partners.page(connection, after, _PAGE, deleted=True):
                self._note(found)
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
        return self._built.on(changed, self._encoder)

    def _place(self) -> bool:
        """Place the partners that are not, or not as they stand now; whether any was."""
        links = _Links(self._fitted, self._relations.values())
        wanted = {key: (stored.change, links.of(key)) for key, stored in self._partners.items()}
        missing = [key for key, mark in wanted.items() if key not in self._placed or self._placed[key][0] != mark]
        failed: dict[str, str] = {}
        for low in range(0, len(missing), _BLOCK):
            block = missing[low : low + _BLOCK]
            encoder = self._encoded([self._partners[key].partner for key in block])
            for key in block:
                try:
                    placed = self._one(self._partners[key].partner, wanted[key][1], encoder)
                except Exception as error:  # one partner must not stop the others
                    failed[key] = str(error) if isinstance(error, MatchmakerError) else type(error).__name__
                    if self.failed.get(key) != failed[key]:
                        _LOG.warning("partner %s cannot be placed: %s", key, type(error).__name__)
                else:
                    self._placed[key] = (wanted[key], placed)
        self.failed = failed
        return len(failed) < len(missing)

    def _one(self, partner: Partner, connected: Sequence[str], encoder: Encoder) -> Placed:
        row = self._fitted.rows.get(partner.id)
        return place(self._fitted, partner, encoder, account=row, connected=connected)

    def _encoded(self, several: Sequence[Partner]) -> Encoder:
        """An encoder for the texts of these partners: all encoded at once, or one after another where some cannot be."""
        try:
            texts = list(dict.fromkeys(itertools.chain.from_iterable(map(texts_of, several))))
            return _Encoded(self._encoder, dict(zip(texts, self._encoder.encode(texts), strict=True)))
        except Exception:  # whose texts they are shows when each is placed by itself
            return self._encoder


def _opened(built: Matchmaker, fitted: Fitted, opening: threading.Lock) -> Encoder:
    """The model behind the store's vectors. Raises EncoderError when it is not the one that the bundle was built with.

    No method of Live: the encoder would hold its Live, and both, a whole bundle, would wait for the garbage collector.
    """
    with opening:
        encoder = built.encoder
    fitted.check_encoder(encoder)
    return encoder


class _Encoded:
    """An encoder that holds the vectors of the texts it will be asked for."""

    def __init__(self, encoder: Encoder, vectors: dict[str, NDArray[np.float32]]) -> None:
        self.name, self.fingerprint, self.dimension = encoder.name, encoder.fingerprint, encoder.dimension
        self._vectors = vectors

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Vectors (n, dimension) float32."""
        del progress
        return np.array([self._vectors[text] for text in texts], dtype=np.float32).reshape(-1, self.dimension)


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
