"""The interface verdicts of many pairs at once: the rules of `interface.py` on sparse sets of things, without sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.gaps.facts import HANDLED, NAMED, TAKEN, Facts, facts
from matchmaker.gaps.interface import (
    BLOCKED,
    FORMAT,
    GIVING,
    MAPPING,
    NEEDS_WORK,
    READY,
    SIGN_IN,
    STYLE,
    TAKING,
    UNKNOWN,
    VERDICTS,
    End,
    InterfaceFit,
    interface_fit,
)

if TYPE_CHECKING:
    from matchmaker.profiles.schema import Partner, Relation

Ints = NDArray[np.int64]
CHUNK = 1 << 16
"""Pairs looked at together; bounds the working memory to some tens of MB."""
_READY, _WORK, _BLOCKED, _UNKNOWN = map(VERDICTS.index, (READY, NEEDS_WORK, BLOCKED, UNKNOWN))
_LEVELS = sorted(set(product(GIVING, TAKING)) - {(NAMED, HANDLED)}, key=lambda pair: GIVING[pair[0]] + TAKING[pair[1]])
IN_FORCE = frozenset({None, "active", "stalled"})
"""Statuses of an integration that can be used today; one that is only announced proves nothing."""


@dataclass(frozen=True)
class Verdicts:
    """k pairs. verdict: (k,) int8 places in `VERDICTS`; effort: (k,) float32 pieces, NaN where blocked or unknown."""

    verdict: NDArray[np.int8]
    effort: NDArray[np.float32]


class Interfaces:
    """The interfaces of all partners of an ecosystem, each read once; row r is partner `ids[r]`."""

    def __init__(
        self, partners: Sequence[Partner], relations: Iterable[Relation] = (), read: Sequence[Facts] = ()
    ) -> None:
        """Read every interface, and which integrations are in force; relations with unknown ends are left out.

        read: facts of the first partners, where they are known already.
        """
        self.ids = tuple(partner.id for partner in partners)
        late = (facts(partner.name, partner.interface) for partner in partners[len(read) :])
        self.facts: tuple[Facts, ...] = (*read, *late)
        self._row = {identifier: row for row, identifier in enumerate(self.ids)}
        self.links = frozenset(self._links(relations))
        self._degree = np.bincount(
            np.array([row for pair in self.links for row in pair], dtype=np.int64), minlength=len(self.ids)
        )

    def fit(self, a: str, b: str, *, directed: bool = False) -> InterfaceFit:
        """The verdict on one pair with its gaps. Raises UnknownPartnerError."""
        from matchmaker.errors import UnknownPartnerError

        for identifier in (a, b):
            if identifier not in self._row:
                raise UnknownPartnerError(identifier)
        one, other = self._row[a], self._row[b]
        linked = (min(one, other), max(one, other)) in self.links
        return interface_fit(self._end(one), self._end(other), directed=directed, connected=linked)

    def verdicts(self, a: Ints, b: Ints, *, directed: bool = False) -> Verdicts:
        """The verdicts on pairs of rows (k,), (k,), as `fit` gives them one by one."""
        a, b = np.asarray(a, dtype=np.int64), np.asarray(b, dtype=np.int64)
        verdict, effort = np.empty(len(a), dtype=np.int8), np.empty(len(a), dtype=np.float32)
        for low in range(0, len(a), CHUNK):
            part = slice(low, low + CHUNK)
            verdict[part], effort[part] = self._both(a[part], b[part], directed)
        return Verdicts(verdict, effort)

    def _both(self, a: Ints, b: Ints, directed: bool) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
        verdict, effort = self._one_way(a, b)
        if not directed:
            back, other = self._one_way(b, a)
            better = (back < verdict) | ((back == verdict) & (other < effort))
            verdict, effort = np.where(better, back, verdict), np.where(better, other, effort)
        if self.links:
            linked = np.isin(np.minimum(a, b) * len(self.ids) + np.maximum(a, b), self._link_keys)
            verdict[linked], effort[linked] = _READY, 0.0
        return verdict.astype(np.int8), effort.astype(np.float32)

    def _one_way(self, source: Ints, target: Ints) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        table = self._table
        missing = np.full(len(source), np.inf)
        for level in reversed(_LEVELS):  # the cheapest is written last
            passes = table.gives[level[0]][source].multiply(table.takes[level[1]][target]).sum(axis=1) > 0
            missing[np.asarray(passes).ravel()] = GIVING[level[0]] + TAKING[level[1]]
        one, other = table.sign_in[source], table.sign_in[target]
        formats = (table.speaks[source] & table.speaks[target]) & ~self._share_format(source, target)
        mine, theirs = table.style[source], table.style[target]
        styles = (mine != theirs) & (mine >= 0) & (theirs >= 0)
        effort = MAPPING + missing + FORMAT * formats + STYLE * styles
        effort += SIGN_IN * ((one > 0) & (other > 0) & (one & other == 0))
        shut = ~table.takes_in[target] | np.isinf(missing) | (one < 0) | (other < 0)
        verdict = np.where((missing == 0) & ~formats & ~styles, _READY, _WORK)
        verdict = np.where(shut, _BLOCKED, verdict)
        verdict = np.where(table.acts[source] & table.acts[target], verdict, _UNKNOWN)
        return verdict, np.where(verdict <= _WORK, effort, np.nan)

    def _share_format(self, source: Ints, target: Ints) -> NDArray[np.bool_]:
        formats = self._table.formats
        return np.asarray(formats[source].multiply(formats[target]).sum(axis=1) > 0).ravel()

    @cached_property
    def _table(self) -> _Table:
        return _Table.of(self.facts)

    @cached_property
    def _link_keys(self) -> Ints:
        return np.array([a * len(self.ids) + b for a, b in self.links], dtype=np.int64)

    def _links(self, relations: Iterable[Relation]) -> Iterable[tuple[int, int]]:
        for relation in relations:
            ends = [self._row.get(relation.a), self._row.get(relation.b)]
            if relation.type == "integration" and relation.status in IN_FORCE and relation.ended_on is None:
                known = [row for row in ends if row is not None]
                if len(known) == len(ends):
                    yield min(known), max(known)

    def _end(self, row: int) -> End:
        return End(self.ids[row], self.facts[row], int(self._degree[row]))


@dataclass(frozen=True)
class _Table:
    """Facts as arrays. gives, takes: level -> (n, things) sparse, what is given or taken at it; formats: (n, formats) sparse.

    sign_in: (n,) bits of the ways to sign in, 0 where none is stated, -1 where only people can; style: (n,) -1 where unknown.
    """

    gives: Mapping[int, Any]
    takes: Mapping[int, Any]
    formats: Any
    speaks: NDArray[np.bool_]
    sign_in: Ints
    style: Ints
    takes_in: NDArray[np.bool_]
    acts: NDArray[np.bool_]

    @classmethod
    def of(cls, every: Sequence[Facts]) -> _Table:
        codes: dict[str, int] = {}
        for one in every:
            for thing in (*one.gives, *one.takes):
                codes.setdefault(thing, len(codes))
        bits: dict[str, int] = {}
        for method in sorted({method for one in every for method in one.auth} - {"people"}):
            bits[method] = 1 << len(bits)
        formats = {name: code for code, name in enumerate(sorted({name for one in every for name in one.formats}))}
        styles = {name: code for code, name in enumerate(sorted({one.style for one in every if one.style}))}
        only_people = [one.auth == {"people"} for one in every]
        usable = [sum(bits.get(method, 0) for method in one.auth) for one in every]
        return cls(
            {level: _sets([_at(one.gives, level) for one in every], codes) for level in range(NAMED + 1)},
            {level: _sets([_at(one.takes, level) for one in every], codes) for level in (TAKEN, HANDLED)},
            _sets([one.formats for one in every], formats),
            np.array([bool(one.formats) for one in every], dtype=bool),
            np.where(only_people, -1, np.array(usable, dtype=np.int64)),
            np.array([styles[one.style] if one.style else -1 for one in every], dtype=np.int64),
            np.array([one.takes_in for one in every], dtype=bool),
            np.array([one.acts for one in every], dtype=bool),
        )


def _at(ways: Mapping[str, Any], level: int) -> list[str]:
    return [thing for thing, way in ways.items() if way.level == level]


def _sets(rows: Sequence[Iterable[str]], codes: Mapping[str, int]) -> Any:  # noqa: ANN401 - a scipy matrix, imported only here
    from scipy.sparse import csr_array

    columns = [[codes[name] for name in row] for row in rows]
    offsets = np.cumsum([0, *map(len, columns)])
    flat = np.array([code for row in columns for code in row], dtype=np.int64)
    return csr_array((np.ones(len(flat), dtype=np.int32), flat, offsets), shape=(len(rows), max(len(codes), 1)))
