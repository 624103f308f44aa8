"""The integrations that a partner does not have: which to build next, for whom, on what evidence.

    worth = chance of 0 -> 1  x  lower bound of counted demand  /  effort
            [1]                  [requests, workflows, ...]        [pieces, interface.py]

Lists are ranked by its logarithm, so that each part is neutral where it is unknown:

    nats = log-odds of a link + sum over sources of ln(lower bound / typical lower bound) - ln(effort / typical effort)

What is typical is the mean logarithm among this partner's own candidates of which it is known; a ratio has no unit, so requests,
workflows and accounts are never added up, and with one source the order is that of the product above. Counted nothing is 0.05 of
a unit (demand.py): far behind, but not out. The strata of fame take turns in a list (matching/learned/dial.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.audience.overlap import MINIMUM
from matchmaker.gaps.demand import AUDIENCE, Counted, Floats, disclosed, plain
from matchmaker.gaps.market import GOALS, LEAST, NO, RESTS_ON, SOURCES, WORDS, YES, Market, Standing, market, shifts
from matchmaker.matching.learned.dial import in_turn
from matchmaker.matching.ragged import Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from matchmaker.audience.overlap import AccountSets
    from matchmaker.matching.ragged import LabelSets

_SEEN = 0.005
"""A share below it would be shown as 0 %."""
SHOWN = 5
"""Partners that are named where there are more."""
LOOK_ALIKES, ALIKE = 20, 0.3
"""Partners of a shared category that stand in for one another at most, and the cosine of whole profiles that they need."""


@dataclass(frozen=True)
class DemandSeen:
    """What one source counted of a link. count, lower_bound, by_chance: in `unit`, None where the source knows nothing; the bound
    also where it saw nothing; served: chance times bound, in `unit`; last: date of the latest row; reason: why there is no bound.
    """

    source: str
    unit: str
    count: float | None
    lower_bound: float | None
    by_chance: float | None
    served: float | None
    last: str | None
    reason: str | None


@dataclass(frozen=True)
class Analogy:
    """Demand by analogy, not counted: how often links of the asking partner with look-alikes of the other were seen."""

    seen: float
    partners: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """One kind of evidence (market.py). says: for, against, neither, unknown; nats: log-odds beyond fame, None where it is none."""

    kind: str
    rests_on: str
    says: str
    nats: float | None


@dataclass(frozen=True)
class Unlocks:
    """What the link would open. shared_accounts: customers that both have, served at once; new_accounts: those of the other that
    the asking one lacks; both as `disclosed`, None without accounts. partners: the other's that the asking one lacks, likeliest
    first, of `partner_count`.
    """

    shared_accounts: float | None
    new_accounts: float | None
    partners: tuple[str, ...]
    partner_count: int


@dataclass(frozen=True)
class MissingLink:
    """An integration that is not there. log_odds, chance: of coming about, chance in (0, 1) and None where history does not tell;
    effort: in pieces, None while unknown; clear_market: yes, no or unknown; reason: why; rival: whether the other is a marked
    competitor of the asking partner; rivals: its rivals and look-alikes that have the link, of `rival_count` known ones.
    """

    rank: int
    partner: str
    log_odds: float
    chance: float | None
    effort: float | None
    demand: tuple[DemandSeen, ...]
    analogy: Analogy | None
    clear_market: str
    reason: str
    evidence: tuple[Evidence, ...]
    unlocks: Unlocks
    rivals: tuple[str, ...]
    rival_count: int
    rival: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Ecosystem:
    """What is looked up beside the candidates. ids: (n,); seen: (n, n) symmetric, how often each link was seen, none stored where
    there is none; look_alikes: rows of partners that could stand in for the one at a row; accounts: of all, if known.
    """

    ids: Sequence[str]
    seen: csr_array
    look_alikes: Callable[[int], Ints] = field(default=lambda row: np.zeros(0, dtype=np.int64))
    accounts: AccountSets | None = None

    def linked(self, row: int) -> Ints:
        """Rows that the partner at `row` has a link with."""
        return np.asarray(self.seen.indices[self.seen.indptr[row] : self.seen.indptr[row + 1]], dtype=np.int64)

    def names(self, rows: Ints) -> tuple[str, ...]:
        """Ids of the first few of some rows."""
        return tuple(self.ids[row] for row in rows[:SHOWN].tolist())


def missing_links(
    ecosystem: Ecosystem,
    row: int,
    standing: Standing,
    sources: Sequence[Counted] = (),
    *,
    rivals: Ints | None = None,
    effort: Floats | None = None,
    met: Floats | None = None,
    k: int = 10,
    popularity_weight: float = 0.5,
    only: int | None = None,
) -> tuple[MissingLink, ...]:
    """The k links that the partner at `row` lacks, best first.

    Args:
        ecosystem: ids, links, look-alikes and accounts.
        row: who asks.
        standing: its candidates, without those that it is linked with.
        sources: what was counted of the same candidates; shared accounts among them, if any are known.
        rivals: rows of marked competitors; look-alikes count as rivals too.
        effort: (candidates,) pieces of work, NaN while unknown.
        met: (candidates,) 1 where a stated goal of either side is met, 0 where none is, NaN where none is stated.
        k: links in the answer, at most.
        popularity_weight: 0 small-but-mighty to 1 famous.
        only: row of the one candidate that is told, with the rank that it has among all.

    """
    effort = np.full(len(standing.rows), np.nan) if effort is None else effort
    nats = worth(standing, sources, effort)
    order = np.argsort(-listed(nats, standing.stratum, popularity_weight), kind="stable")
    judged = market(standing, sources, met)
    marked = np.zeros(0, dtype=np.int64) if rivals is None else rivals
    alike = np.union1d(ecosystem.look_alikes(row), marked)
    told = _Told(ecosystem, row, standing, sources, judged, alike[alike != row].astype(np.int64), marked)
    shown = np.arange(len(order))[:k] if only is None else np.flatnonzero(standing.rows[order] == only)
    return tuple(told.link(place + 1, int(order[place]), nats, effort) for place in shown.tolist())


def worth(standing: Standing, sources: Sequence[Counted] = (), effort: Floats | None = None) -> Floats:
    """(k,) nats that candidates rank by within their stratum: the formula above."""
    nats = standing.odds + shifts(sources, len(standing.odds))
    if effort is None:
        return np.asarray(nats)
    known = effort > 0  # NaN is not
    cost = np.log(np.where(known, effort, 1.0))
    return np.asarray(nats - np.where(known, cost - (cost[known].mean() if known.any() else 0.0), 0.0))


def listed(nats: Floats, stratum: Ints, popularity_weight: float = 0.5) -> Floats:
    """(k,) relevance whose order is the list: the strata in turn, the best of each first."""
    return in_turn(nats, np.zeros(len(nats), dtype=np.int64), stratum, popularity_weight)


def look_alikes(topic: NDArray[np.floating], categories: LabelSets, row: int) -> Ints:
    """Rows of the nearest `LOOK_ALIKES` partners with a category of the one at `row` and a profile like its own, nearest first.

    topic: (n, d) unit whitened profile vectors. Where it has no category all partners are considered.
    """
    mine = categories.of(row)
    rows = categories.sharing(mine)[0] if len(mine) else np.arange(len(topic))
    near = np.asarray(topic[rows] @ topic[row], dtype=np.float64)
    kept = np.flatnonzero((near >= ALIKE) & (rows != row))
    return rows[kept[np.argsort(-near[kept], kind="stable")[:LOOK_ALIKES]]]


def holding(seen: csr_array, peers: Ints, rows: Ints) -> tuple[Floats, Floats]:
    """(k,) how many of `peers` have a link with each of `rows`, and how many chance lets expect, their links falling by degree."""
    degree = np.diff(seen.indptr).astype(np.float64)
    have = np.bincount(seen[peers].indices, minlength=len(degree)).astype(np.float64)[rows]
    return have, np.asarray(degree[peers].sum() * degree[rows] / max(float(degree.sum()), 1.0))


@dataclass(frozen=True)
class _Told:
    """What is said of each listed link of the partner at `row`."""

    ecosystem: Ecosystem
    row: int
    standing: Standing
    sources: Sequence[Counted]
    market: Market
    alike: Ints
    marked: Ints

    def link(self, rank: int, place: int, nats: Floats, effort: Floats) -> MissingLink:
        other, verdict = int(self.standing.rows[place]), int(self.market.verdict[place])
        theirs = self.ecosystem.linked(other)
        return MissingLink(
            rank=rank,
            partner=self.ecosystem.ids[other],
            log_odds=round(float(self.standing.odds[place]), 6),
            chance=plain(self.standing.chance[place]),
            effort=plain(effort[place]),
            demand=tuple(self._seen(source, place) for source in self.sources),
            analogy=self._analogy(other),
            clear_market=WORDS[verdict],
            reason=self._reason(place, verdict),
            evidence=tuple(self._evidence(place)),
            unlocks=self._unlocks(other, theirs, nats),
            rivals=self.ecosystem.names(np.intersect1d(theirs, self.alike)),
            rival_count=len(self.alike),
            rival=bool(np.isin(other, self.marked)),
        )

    def _seen(self, source: Counted, place: int) -> DemandSeen:
        count, lower, by_chance = (float(one[place]) for one in (source.count, source.lower, source.by_chance))
        known, last = count == count, source.last.get(place)
        reason = None if count > 0 else "nothing was counted" if known else source.unknown
        told: Callable[[float], float | None] = plain
        if source.kind == AUDIENCE:
            told = disclosed
            reason = reason or (None if lower >= MINIMUM else f"fewer than {MINIMUM} accounts are not told")
        shown = told(lower)
        return DemandSeen(
            source=source.source,
            unit=source.unit,
            count=told(count),
            lower_bound=shown,
            by_chance=told(by_chance) if known else None,
            served=None if shown is None else plain(shown * float(self.standing.chance[place])),
            last=None if last is None else last.isoformat(),
            reason=reason,
        )

    def _analogy(self, other: int) -> Analogy | None:
        mine = self.ecosystem.linked(self.row)
        near = np.intersect1d(mine, self.ecosystem.look_alikes(other))
        if not len(near):
            return None
        seen = self.ecosystem.seen[[self.row]].toarray().ravel()
        near = near[np.argsort(-seen[near], kind="stable")]
        return Analogy(round(float(seen[near].sum()), 6), self.ecosystem.names(near))

    def _evidence(self, place: int) -> list[Evidence]:
        words = {1.0: "for", -1.0: "against", 0.0: "neither"}
        found = []
        for kind, said in self.market.speaks.items():
            nats = self.standing.kinds.get(kind)
            told = words.get(float(said[place]), "unknown")
            found.append(Evidence(kind, RESTS_ON[kind], told, None if nats is None else plain(nats[place])))
        return found

    def _reason(self, place: int, verdict: int) -> str:
        pro, contra = (_sources(self.market.agree(place, way)) for way in (YES, NO))
        if verdict == NO:
            return f"nothing speaks for it, and {_and(contra)} against it"
        if len(pro) < SOURCES:
            said = f"one source alone speaks for it, {pro[0]}" if pro else "nothing known speaks for it"
            return f"{said}; at least {SOURCES} sources of their own are needed"
        total, higher = float(self.market.total[place]), float(self.market.higher[place])
        agree = f"{_and(pro)} speak for it" + (f", {_and(contra)} against" if contra else "")
        if verdict == YES:
            above = f"{higher:.0%}" if higher >= _SEEN else "hardly any"
            return f"{agree}, which weighs {total:+.1f}; of the pairs as well known {above} stand higher"
        if total < LEAST:
            return f"{agree}, but weakly: it weighs {total:+.1f}, and a clear market needs {LEAST:+.2f}"
        best = f"a clear market is among the best {self.market.share:.0%}"
        return f"{agree}, but {higher:.0%} of the pairs as well known stand higher, and {best}"

    def _unlocks(self, other: int, theirs: Ints, nats: Floats) -> Unlocks:
        mine = np.append(self.ecosystem.linked(self.row), self.row)
        opened = np.setdiff1d(theirs, mine)
        likely = np.full(len(self.ecosystem.ids), -np.inf)
        likely[self.standing.rows] = nats
        opened = opened[np.argsort(-likely[opened], kind="stable")]
        shared, new = (None if count is None else disclosed(count) for count in self._accounts(other))
        return Unlocks(shared, new, self.ecosystem.names(opened), len(opened))

    def _accounts(self, other: int) -> tuple[int | None, int | None]:
        accounts = self.ecosystem.accounts
        if accounts is None or not accounts.count(self.row) or not accounts.count(other):
            return None, None
        shared = int(accounts.shared(self.row, np.array([other]))[0])
        return shared, accounts.count(other) - shared


_SAYS = {**RESTS_ON, GOALS: "a goal that is met"}
"""What speaks, in words."""


def _sources(kinds: list[str]) -> list[str]:
    """One name for each source of its own."""
    found = {RESTS_ON[kind]: _SAYS[kind] for kind in reversed(kinds)}
    return list(reversed(found.values()))


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
