"""What partners lack, joined to a fitted ecosystem: missing integrations, the interfaces of a pair, gaps of the whole."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from matchmaker.fitted import existing, holds
from matchmaker.gaps.bulk import Interfaces
from matchmaker.gaps.demand import Counted, DemandTable, Floats, offering_of, shared_accounts
from matchmaker.gaps.ecosystem import LINKS, EcosystemGaps, around, ecosystem_gaps
from matchmaker.gaps.interface import BLOCKED, InterfaceFit
from matchmaker.gaps.market import Standing, peers_beyond_chance, standing_of, standing_of_prior
from matchmaker.gaps.missing import Ecosystem, MissingLink, holding, look_alikes, missing_links
from matchmaker.matching.evidence import KINDS
from matchmaker.matching.learned.dial import strata
from matchmaker.matching.ragged import Ints
from matchmaker.matching.scorer import score
from matchmaker.profiles.catalogue import Catalogue
from matchmaker.profiles.schema import Partner, Relation

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from matchmaker.fitted import Fitted
    from matchmaker.matching.space import Side

INTEGRATIONS = frozenset({"integration"})
_GAIN = KINDS.index("gain")


@dataclass(frozen=True)
class MissingIntegration:
    """A link that is not there (gaps/missing.py), with the name of the other, the interface verdict, and what has to be built."""

    name: str
    link: MissingLink
    interface: InterfaceFit

    @property
    def blocked(self) -> bool:
        """Whether nothing can pass between the two with what both publish today."""
        return self.interface.verdict == BLOCKED

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        gaps = [asdict(gap) for gap in self.interface.gaps]
        readiness = {"verdict": self.interface.verdict, "reason": self.interface.reason, "gaps": gaps}
        return {**self.link.to_dict(), "name": self.name, "interface": readiness}


@dataclass(frozen=True)
class Gaps:
    """The integrations that a partner lacks, best first, those that nobody can build today after the others; the rank of a link is
    its place by worth among all, whatever can be built. considered: partners that it has no integration with.
    """

    partner: str
    name: str
    missing: tuple[MissingIntegration, ...]
    considered: int
    basis: str
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {**vars(self), "missing": [one.to_dict() for one in self.missing]}


@dataclass(frozen=True)
class PairGaps:
    """What stands between two partners: the interface verdict, and the link as the first one lacks it, None where they have it."""

    a: str
    b: str
    connected: bool
    interface: InterfaceFit
    link: MissingLink | None
    basis: str

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        link = None if self.link is None else self.link.to_dict()
        return {**vars(self), "interface": self.interface.to_dict(), "link": link}


@dataclass(frozen=True)
class Lacking:
    """One ecosystem's interfaces, links and counted demand, each read once."""

    fitted: Fitted

    def of(self, row: int, k: int = 10, popularity_weight: float = 0.5) -> Gaps:
        """The k integrations that the partner at `row` lacks: which k is decided by worth alone, blocked ones are then put last."""
        fitted = self.fitted
        rows = self._candidates(row)
        links = self._links(row, rows, k, popularity_weight)
        names, ids = fitted.profiles.names, fitted.space.ids
        missing = [
            MissingIntegration(names[fitted.rows[one.partner]], one, self.interfaces.fit(ids[row], one.partner))
            for one in links
        ]
        missing.sort(key=lambda one: one.blocked)
        return Gaps(ids[row], names[row], tuple(missing), len(rows), fitted.basis, self._notes(row))

    def between(self, row: int, other: int) -> PairGaps:
        """What stands between two partners."""
        ids = self.fitted.space.ids
        fit = self.interfaces.fit(ids[row], ids[other])
        links = () if fit.connected else self._links(row, self._candidates(row), 1, 0.5, only=other)
        return PairGaps(ids[row], ids[other], fit.connected, fit, next(iter(links), None), self.fitted.basis)

    def whole(self, hubs: Collection[str] = (), k: int = 20) -> EcosystemGaps:
        """What all partners lack together, or the ecosystem of some hubs."""
        fitted = self.fitted
        partners = itertools.compress(self._partners, fitted.standing.tolist())
        catalogue = Catalogue.from_partners(partners, self._relations)
        return ecosystem_gaps(catalogue, fitted.space, around(catalogue, hubs) if hubs else None, k=k)

    @cached_property
    def interfaces(self) -> Interfaces:
        """What every partner's interface says; of those that were built it is read once, whatever changes after."""
        built = self.fitted.built
        return Interfaces(self._partners, self._relations, () if built is None else built.lacking.interfaces.facts)

    @cached_property
    def demand(self) -> DemandTable:
        """Counted demand among the partners."""
        fitted = self.fitted
        wanted = any(one.capability for one in fitted.demand)
        offering = offering_of(self._partners) if wanted else None
        return DemandTable.fit(fitted.demand, fitted.rows, offering)

    @cached_property
    def _partners(self) -> list[Partner]:
        fitted = self.fitted
        if fitted.built is None:
            return fitted.profiles.partners()
        late = range(len(fitted.built.space), len(fitted.space))
        return [*fitted.built.lacking._partners, *(fitted.profiles.partner(row) for row in late)]

    @cached_property
    def _relations(self) -> list[Relation]:
        return [Relation(**fact) for fact in self.fitted.relations.facts]

    @cached_property
    def _seen(self) -> csr_array:
        """(n, n) symmetric, how often each link was seen: integrations and partnerships in force."""
        from scipy.sparse import csr_array

        table, n = self.fitted.relations, len(self.fitted.space)
        kept = np.array([fact["type"] in LINKS and holds(fact) for fact in table.facts], dtype=bool)
        a, b = table.a[kept], table.b[kept]
        weight = np.array([fact.get("weight") or 1.0 for fact in table.facts], dtype=np.float64)[kept]
        ends = np.concatenate((a, b)), np.concatenate((b, a))
        return csr_array((np.tile(weight, 2), ends), shape=(n, n))

    @cached_property
    def _ecosystem(self) -> Ecosystem:
        space = self.fitted.space
        topic = np.asarray(space.topic)
        return Ecosystem(
            space.ids, self._seen, lambda row: look_alikes(topic, space.labels["categories"], row), space.accounts
        )

    @cached_property
    def _degree(self) -> Ints:
        return np.diff(self._seen.indptr)

    def _candidates(self, row: int) -> Ints:
        """Partners that stand and that it has no integration with."""
        allowed = self.fitted.standing.copy()
        allowed[row] = False
        allowed[existing(self.fitted.relations.of(row), INTEGRATIONS)] = False
        return np.flatnonzero(allowed)

    def _links(
        self, row: int, rows: Ints, k: int, popularity_weight: float, only: int | None = None
    ) -> tuple[MissingLink, ...]:
        fitted, side = self.fitted, self.fitted.space.side(row)
        relations = fitted.relations.of(row)
        sources: list[Counted] = list(self.demand.of(row, rows))
        if fitted.space.accounts is not None:
            sources.append(shared_accounts(fitted.space.accounts, row, rows))
        marked = rows[fitted.rivals(relations, rows)]
        verdicts = self.interfaces.verdicts(np.full(len(rows), row), rows)
        standing, met = self._standing(row, side, rows)
        return missing_links(
            self._ecosystem,
            row,
            standing,
            sources,
            rivals=marked,
            effort=verdicts.effort.astype(np.float64),
            met=met,
            k=k,
            popularity_weight=popularity_weight,
            only=only,
        )

    def _standing(self, row: int, side: Side, rows: Ints) -> tuple[Standing, Floats]:
        """How the candidates stand, and whether a stated goal of either side is met: 1, 0, NaN where none is stated."""
        fitted, degree = self.fitted, self._degree
        scored = score(fitted.space, fitted.config, side, rows, np.zeros(len(rows), dtype=bool))
        met = _met(scored.evidence.raw[_GAIN], side, fitted.space.inferred_goals[rows])
        linked = bool(degree[row])
        taught = fitted.taught
        if taught is None:
            peers = peers_beyond_chance(*holding(self._seen, self._ecosystem.look_alikes(row), rows))
            return standing_of_prior(rows, scored.nats, strata(degree)[rows], peers, linked=linked), met
        judged = taught.judge(side, rows)
        stratum = taught.learned.model.stratum[taught.place[rows]]
        known = linked, np.asarray(degree[rows] > 0)
        odds = judged.odds, judged.back
        return standing_of(rows, odds, judged.parts, judged.names, judged.chance, stratum, known), met

    def _notes(self, row: int) -> list[str]:
        notes = []
        if not self.fitted.demand and self.fitted.space.accounts is None:
            notes.append(
                "No demand was counted and no accounts are known, so that nothing but profiles and links speaks: "
                "build with --demand or --accounts."
            )
        if not self.interfaces.facts[row].acts:
            notes.append("This partner states no events or operations, so that no effort can be told.")
        return notes


def _met(gain: Floats, side: Side, others_inferred: np.ndarray) -> Floats:
    """(k,) from the gain of both sides, (2, k): goals that were borrowed from peers are nobody's stated ones."""
    mine = np.where(np.isnan(gain[0]) | bool(side.inferred_goals), np.nan, gain[0] > 0)
    theirs = np.where(np.isnan(gain[1]) | others_inferred, np.nan, gain[1] > 0)
    return np.fmax(mine, theirs)
