"""What happened between partners, as training data: who goes together, who does not, and what was left out and why.

| source                                             | counts as                                                          |
|----------------------------------------------------|--------------------------------------------------------------------|
| partnership, integration: active, announced, no status | link, `weight` times                                           |
| the same: declined                                 | known not to go together                                           |
| the same: stalled, ended; acquisition              | neither: left out                                                  |
| competitor, in force                               | known not to go together, unless there is a link                   |
| feedback: activated, accepted; declined            | link; known not to go together                                     |
| activity but announcements and support             | link, once a row                                                   |
| all of a partner linked with nine in ten or more   | left out: it says nothing of who goes with whom                    |

No link means nobody has seen one: the pairs without one are unlabelled, not negative (positive and unlabelled data).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from matchmaker.matching.learned.history import Ints, Links
from matchmaker.profiles.schema import relation_key

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from matchmaker.fitted import Fitted
    from matchmaker.profiles.schema import Relation
    from matchmaker.store.database import Database
    from matchmaker.store.relations import StoredRelation

K = TypeVar("K")
R = TypeVar("R")
TOGETHER = frozenset({"partnership", "integration"})
IN_FORCE = frozenset({None, "active", "announced"})
_SILENT = frozenset({"announcement", "support"})
"""Kinds of activity that show no result: announcing is not doing, and support is a cost."""
RIVAL = "rival"
_PAGE = 5000
_NEARLY, _FEW = 0.9, 50
"""Share of all linked partners from which on a partner is linked with nearly everybody, where there are at least so many."""
_SHOWN = 5
"""Left-out rows that are named for each reason."""


@dataclass
class LeftOut:
    """Rows that taught nothing, counted by reason; the first few of each are named."""

    counts: Counter[str] = field(default_factory=Counter)
    named: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, what: str, times: int = 1) -> None:
        """Count a row."""
        self.counts[reason] += times
        shown = self.named.setdefault(reason, [])
        if len(shown) < _SHOWN:
            shown.append(what)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {reason: {"rows": count, "first": self.named[reason]} for reason, count in sorted(self.counts.items())}


@dataclass(frozen=True)
class History:
    """Training data of one ecosystem. links: observed partnerships among its rows; apart: (r, 2) rows of pairs that are known not
    to go together; sources: rows read of each source; left_out: those that taught nothing.
    """

    links: Links
    apart: Ints
    sources: dict[str, int]
    left_out: LeftOut

    def to_dict(self) -> dict[str, Any]:
        """Counts for the manifest and for people."""
        degree = self.links.degree()
        return {
            "links": len(self.links.ends),
            "linked_partners": int((degree > 0).sum()),
            "most_links_of_one": int(degree.max(initial=0)),
            "apart": len(self.apart),
            "sources": self.sources,
            "left_out": {reason: one["rows"] for reason, one in self.left_out.to_dict().items()},
        }


@dataclass(frozen=True)
class Said:
    """One row of a source: two ids, whether they go together (None: it says neither), how often, and why not if it is left out."""

    a: str
    b: str
    together: bool | None
    times: float = 1.0
    reason: str = ""


def history_of(fitted: Fitted, more: Iterable[Relation] = (), database: Database | None = None) -> History:
    """What the ecosystem's own relations, `more` of them, and a store say.

    A relation of `more` or of the store takes the place of the built one with the same ends and type. Unknown ids, a partner with
    itself, and pairs that are said to go together as well as not to are left out and counted. Raises StoreError.
    """
    ids = fitted.space.ids
    facts = fitted.relations
    standing: dict[tuple[Any, ...], Said] = {}
    built = zip(facts.a.tolist(), facts.b.tolist(), facts.facts, strict=True)
    sources = {"bundle": _take(standing, ((ids[a], ids[b], fact, False) for a, b, fact in built))}
    sources["relations"] = _take(standing, ((one.a, one.b, one.model_dump(), False) for one in more))
    happened: list[Said] = []
    if database is not None:
        sources["store: relations"] = _take(standing, _stored_relations(database))
        for name, found in (("feedback", _feedback(database)), ("activity", _activity(database))):
            before = len(happened)
            happened.extend(found)
            sources[f"store: {name}"] = len(happened) - before
    return _counted([*standing.values(), *happened], fitted.rows, len(ids), sources)


def _take(standing: dict[tuple[Any, ...], Said], found: Iterable[tuple[str, str, Mapping[str, Any], bool]]) -> int:
    """Put relations over those of the same ends and type; deleted ones only take these away. How many there were."""
    count = 0
    for a, b, fact, deleted in found:
        count += 1
        key = relation_key(a, b, fact["type"], directed=fact.get("directed", False))
        if deleted:
            standing.pop(key, None)
        else:
            standing[key] = _of_relation(a, b, fact)
    return count


def _counted(rows: list[Said], row_of: Mapping[str, int], n: int, sources: dict[str, int]) -> History:
    left_out, together = LeftOut(), defaultdict[tuple[int, int], float](float)
    refused, rivals = set[tuple[int, int]](), set[tuple[int, int]]()
    for one in rows:
        name = f"{one.a} - {one.b}"
        a, b = row_of.get(one.a), row_of.get(one.b)
        if one.together is None:
            left_out.add(one.reason, name)
        elif a is None or b is None:
            left_out.add("unknown partner", name)
        elif a == b:
            left_out.add("a partner with itself", name)
        elif one.together:
            together[min(a, b), max(a, b)] += one.times
        else:
            (rivals if one.reason == RIVAL else refused).add((min(a, b), max(a, b)))
    names = {row: partner for partner, row in row_of.items()}
    for a, b in sorted(refused & together.keys()):
        left_out.add("said to go together and not to", f"{names[a]} - {names[b]}")
        del together[a, b]
        refused.discard((a, b))
    for row in _everywhere(together):
        lost = [pair for pair in together if row in pair]
        left_out.add("of a partner that is linked with nearly everybody", names[row], len(lost))
        for pair in lost:
            del together[pair]
    pairs = np.array(sorted(together), dtype=np.int64).reshape(-1, 2)
    links, _ = Links.clean(pairs, n, np.array([together[a, b] for a, b in pairs.tolist()]))
    apart = np.array(sorted((refused | rivals) - together.keys()), dtype=np.int64).reshape(-1, 2)
    return History(links, apart, sources, left_out)


def _everywhere(together: Iterable[tuple[int, int]]) -> list[int]:
    """Partners linked with so many that it says nothing of who goes with whom; where there are few partners, nobody."""
    degree = Counter(row for pair in together for row in pair)
    if len(degree) < _FEW:
        return []
    return sorted(row for row, count in degree.items() if count >= _NEARLY * (len(degree) - 1))


def _of_relation(a: str, b: str, fact: Mapping[str, Any]) -> Said:
    kind, status = fact["type"], fact.get("status")
    if kind in TOGETHER and status in IN_FORCE:
        times = 1.0 if fact.get("weight") is None else float(fact["weight"])
        return Said(a, b, True, times) if times > 0 else Said(a, b, None, reason=f"{kind} of weight 0")
    if kind in TOGETHER and status == "declined":
        return Said(a, b, False)
    if kind == "competitor" and status in IN_FORCE:
        return Said(a, b, False, reason=RIVAL)
    return Said(a, b, None, reason=f"{kind}, {status or 'no status'}")


def _stored_relations(database: Database) -> Iterator[tuple[str, str, dict[str, Any], bool]]:
    from matchmaker.store import relations

    def page(connection: Connection, after: str) -> list[StoredRelation]:
        return relations.page(connection, after, _PAGE, deleted=True)

    for one in _paged(database, page, "", lambda last: last.id):
        yield one.relation.a, one.relation.b, one.relation.model_dump(), one.deleted


def _feedback(database: Database) -> Iterator[Said]:
    from matchmaker.store import feedback

    for one in _paged(database, lambda c, after: feedback.observed(c, after, _PAGE), 0, lambda last: last.number):
        if one.outcome is not None:
            yield Said(one.impression.partner, one.impression.shown, one.outcome.outcome != "declined")


def _activity(database: Database) -> Iterator[Said]:
    from matchmaker.store import activity

    for one in _paged(database, lambda c, after: activity.page(c, after, _PAGE), 0, lambda last: last.number):
        silent = one.activity.kind in _SILENT
        reason = f"activity of kind {one.activity.kind}" if silent else ""
        yield Said(one.activity.from_, one.activity.to, None if silent else True, reason=reason)


def _paged(
    database: Database, page: Callable[[Connection, K], list[R]], after: K, key: Callable[[R], K]
) -> Iterator[R]:
    """All rows of a table, a page at a time, each after the key of the last row of the one before."""
    with database.reading() as connection:
        while rows := page(connection, after):
            yield from rows
            after = key(rows[-1])
