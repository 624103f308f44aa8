"""What an ecosystem as a whole lacks, with evidence, ranked; and who outside it would fill each gap.

| gap      | what                                                                       | ranked by                        |
|----------|----------------------------------------------------------------------------|----------------------------------|
| goals    | stated goals that no other member meets (coverage.py)                      | askers, then how far the nearest |
| single   | capabilities that alone meet goals of others                               | members that depend on it        |
| audience | industry, size and region asked for together, served by none (unserved.py) | askers, then accounts            |
| segments | categories that members' stacks connect to, with no member in them         | members that connect             |
| outside  | names in members' `integrations` that are no partner of the catalogue      | members that connect             |

Members are all partners, or a set: a hub's ecosystem is the hub and whom it is linked with (`around`). Outside are all others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from matchmaker.gaps.coverage import Bools, Coverage, best_capability, coverage
from matchmaker.gaps.unserved import asked_for, serves
from matchmaker.matching.ragged import unit
from matchmaker.profiles.facets import build_facets

if TYPE_CHECKING:
    from matchmaker.matching.space import Space
    from matchmaker.profiles.catalogue import Catalogue
    from matchmaker.profiles.schema import Partner, Relation

SAME = 0.8
"""Cosine from which two goals count as one wish in other words."""
IN_FORCE = frozenset({None, "active", "stalled", "announced"})
LINKS = frozenset({"integration", "partnership"})
_SHOWN, _WORDINGS, _COMPARED = 10, 5, 4_000


@dataclass(frozen=True)
class Filler:
    """A partner outside that would fill a gap, and why; cosine: of its capability with the goal, where there is a goal."""

    partner: str
    evidence: str
    cosine: float | None = None


@dataclass(frozen=True)
class UnmetGoal:
    """A wish that no other member meets. asked_by: at most 10 of `askers` ids; wordings: the same wish in other words;
    nearest: the member that comes nearest, its capability and cosine in [-1, 1], None without any; bar: the cosine that meets it.
    """

    goal: str
    askers: int
    asked_by: tuple[str, ...]
    wordings: tuple[str, ...]
    nearest: Filler | None
    bar: float
    fillers: tuple[Filler, ...]


@dataclass(frozen=True)
class SingleProvider:
    """A capability that alone meets goals of `dependents` other members."""

    partner: str
    capability: str
    dependents: int
    wanted_by: tuple[str, ...]
    goals: tuple[str, ...]
    fillers: tuple[Filler, ...]


@dataclass(frozen=True)
class UnservedAudience:
    """A combination that is asked for and that no member states to serve; None is open. accounts: at least so many, or None."""

    industry: str | None
    company_size: str | None
    region: str | None
    askers: int
    asked_by: tuple[str, ...]
    goals: tuple[str, ...]
    accounts: int | None
    fillers: tuple[Filler, ...]


@dataclass(frozen=True)
class EmptySegment:
    """A category in which no member is, though `connections` members connect to partners in it."""

    category: str
    connections: int
    connected: tuple[str, ...]
    fillers: tuple[Filler, ...]


@dataclass(frozen=True)
class OutsideName:
    """A name that members connect to and the catalogue does not know."""

    name: str
    connections: int
    connected: tuple[str, ...]


@dataclass(frozen=True)
class EcosystemGaps:
    """All gaps, each list ranked and cut to what was asked for; counts: how many there are of each, cut or not.

    stated_goals: goals of members that they do not meet themselves; met: those that some other member meets.
    """

    members: int
    outsiders: int
    stated_goals: int
    met: int
    goals: tuple[UnmetGoal, ...]
    single: tuple[SingleProvider, ...]
    audiences: tuple[UnservedAudience, ...]
    segments: tuple[EmptySegment, ...]
    outside: tuple[OutsideName, ...]
    counts: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def around(catalogue: Catalogue, hubs: Iterable[str]) -> frozenset[str]:
    """Ids of some partners' ecosystem: themselves and whom an integration or partnership in force links with them."""
    hub = frozenset(hubs)
    linked = {
        end
        for one in catalogue.relations
        if one.type in LINKS and _in_force(one) and hub & {one.a, one.b}
        for end in (one.a, one.b)
    }
    return hub | linked


def ecosystem_gaps(
    catalogue: Catalogue, space: Space, members: Collection[str] | None = None, *, k: int = 20
) -> EcosystemGaps:
    """What the members, all partners by default, lack together; at most `k` gaps of each kind.

    space: of this catalogue; the rows of partners that the catalogue does not hold are left out. Costs one comparison of every
    stated goal of a member with every capability.
    """
    at = {identifier: row for row, identifier in enumerate(space.ids)}
    partners = {at[partner.id]: partner for partner in catalogue.partners if partner.id in at}
    inside = np.zeros(len(space), dtype=bool)
    inside[[row for row, partner in partners.items() if members is None or partner.id in members]] = True
    beyond = np.zeros(len(space), dtype=bool)
    beyond[list(partners)] = True
    beyond &= ~inside
    found = _Found(space, partners, inside, coverage(space, inside, beyond))
    mine = [partners[row] for row in np.flatnonzero(inside).tolist()]
    others = [partners[row] for row in np.flatnonzero(beyond).tolist()]
    lists: dict[str, list[Any]] = {
        "goals": found.unmet(),
        "single": found.single(),
        "audiences": _audiences(catalogue, mine, others),
        "segments": _segments(catalogue, mine, others),
        "outside": _outside(catalogue, mine),
    }
    return EcosystemGaps(
        members=len(mine),
        outsiders=len(others),
        stated_goals=len(found.cover.goal),
        met=int(found.met.sum()),
        **{name: tuple(gaps[:k]) for name, gaps in lists.items()},
        counts={name: len(gaps) for name, gaps in lists.items()},
    )


class _Found:
    """Coverage told in words."""

    def __init__(self, space: Space, partners: Mapping[int, Partner], inside: Bools, cover: Coverage) -> None:
        self.space, self.partners, self.inside, self.cover = space, partners, inside, cover
        self._goals: dict[int, tuple[str, ...]] = {}
        self._offers: dict[int, tuple[str, ...]] = {}

    @cached_property
    def met(self) -> Bools:
        """(g,) bool, goals that another member meets: by its vectors, or word for word, which vectors with categories miss."""
        offering: dict[str, set[int]] = {}
        for row in np.flatnonzero(self.inside).tolist():
            for offer in self.partners[row].capabilities:
                offering.setdefault(offer.casefold(), set()).add(row)
        met = self.cover.providers > 0
        for number in np.flatnonzero(~met).tolist():
            met[number] = bool(offering.get(self._goal(number).casefold(), set()) - {int(self.cover.owner[number])})
        return np.asarray(met)

    def unmet(self) -> list[UnmetGoal]:
        """Goals that nobody else meets, alike ones together."""
        numbers = np.flatnonzero(~self.met)
        return sorted(
            (self._unmet(group) for group in self._alike(numbers.tolist())),
            key=lambda gap: (-gap.askers, gap.nearest.cosine or 0.0 if gap.nearest else -1.0, gap.goal),
        )

    def single(self) -> list[SingleProvider]:
        """Capabilities that alone meet goals, by how many depend on them."""
        groups: dict[tuple[int, int], list[int]] = {}
        for number in np.flatnonzero(self.cover.providers == 1).tolist():
            row = int(self.cover.nearest[number])
            groups.setdefault((row, best_capability(self.space, int(self.cover.goal[number]), row)[0]), []).append(
                number
            )
        found = [self._single(row, place, group) for (row, place), group in groups.items()]
        return sorted(found, key=lambda gap: (-gap.dependents, gap.partner, gap.capability))

    def _unmet(self, group: Sequence[int]) -> UnmetGoal:
        texts = list(dict.fromkeys(self._goal(number) for number in group))
        asking = self._owners(group)
        first = group[0]
        row = int(self.cover.nearest[first])
        return UnmetGoal(
            goal=texts[0],
            askers=len(asking),
            asked_by=asking[:_SHOWN],
            wordings=tuple(texts[1 : 1 + _WORDINGS]),
            nearest=self._filler(first, row) if row >= 0 else None,
            bar=round(float(self.cover.bar[first]), 4),
            fillers=self._fillers(group),
        )

    def _single(self, row: int, place: int, group: Sequence[int]) -> SingleProvider:
        depending = self._owners(group)
        return SingleProvider(
            partner=self.space.ids[row],
            capability=self._offer(row, place),
            dependents=len(depending),
            wanted_by=depending[:_SHOWN],
            goals=tuple(dict.fromkeys(self._goal(number) for number in group))[:_WORDINGS],
            fillers=self._fillers(group),
        )

    def _alike(self, numbers: Sequence[int]) -> list[list[int]]:
        """Groups of goals: equal texts first, then each text joins the nearest earlier one from `SAME` on, most asked first."""
        by_text: dict[str, list[int]] = {}
        for number in numbers:
            by_text.setdefault(self._goal(number).casefold(), []).append(number)
        ordered = sorted(by_text.items(), key=lambda one: (-len(self._owners(one[1])), one[0]))
        firsts = np.array([group[0] for _, group in ordered], dtype=np.int64)
        vectors = unit(self.space.goals.vectors[self.cover.goal[firsts]])
        groups: list[list[int]] = []
        leaders: list[int] = []
        for place, (_, group) in enumerate(ordered):
            near = vectors[leaders] @ vectors[place] if leaders and place < _COMPARED else np.zeros(0, dtype=np.float32)
            if len(near) and near.max() >= SAME:
                groups[int(near.argmax())].extend(group)
            else:
                leaders.append(place)
                groups.append(list(group))
        return groups

    def _fillers(self, group: Sequence[int]) -> tuple[Filler, ...]:
        """Who outside meets a goal of the group, each partner once, nearest first."""
        best: dict[str, Filler] = {}
        for number in group:
            for row in self.cover.outside[number].tolist():
                if row >= 0:
                    one = self._filler(number, row)
                    known = best.get(one.partner)
                    if known is None or (one.cosine or 0.0) > (known.cosine or 0.0):
                        best[one.partner] = one
        return tuple(sorted(best.values(), key=lambda one: (-(one.cosine or 0.0), one.partner)))[:_WORDINGS]

    def _filler(self, number: int, row: int) -> Filler:
        place, cosine = best_capability(self.space, int(self.cover.goal[number]), row)
        return Filler(self.space.ids[row], self._offer(row, place), round(cosine, 4))

    def _owners(self, group: Sequence[int]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.space.ids[row] for row in sorted(self.cover.owner[list(group)].tolist())))

    def _goal(self, number: int) -> str:
        row = int(self.cover.owner[number])
        if row not in self._goals:
            self._goals[row] = build_facets(self.partners[row]).goals
        return self._goals[row][int(self.cover.goal[number] - self.space.goals.offsets[row])]

    def _offer(self, row: int, place: int) -> str:
        if row not in self._offers:
            self._offers[row] = build_facets(self.partners[row]).capabilities
        return self._offers[row][place]


def _audiences(catalogue: Catalogue, mine: Sequence[Partner], others: Sequence[Partner]) -> list[UnservedAudience]:
    found = []
    for one, asked in asked_for(mine, catalogue.accounts, catalogue.partners).items():
        if any(serves(partner, one) for partner in mine):
            continue
        fillers = [Filler(partner.id, "states that it serves them") for partner in others if serves(partner, one)]
        found.append(
            UnservedAudience(
                *one,
                len(asked.partners),
                asked.partners[:_SHOWN],
                asked.goals[:_WORDINGS],
                asked.accounts,
                tuple(fillers[:_WORDINGS]),
            )
        )
    return sorted(
        found, key=lambda gap: (-gap.askers, -(gap.accounts or 0), str((gap.industry, gap.company_size, gap.region)))
    )


def _segments(catalogue: Catalogue, mine: Sequence[Partner], others: Sequence[Partner]) -> list[EmptySegment]:
    """Categories of the outsiders that members connect to, where no member is."""
    inside = {partner.id for partner in mine}
    beyond = {partner.id: partner for partner in others}
    held = {category.strip().lower() for partner in mine for category in partner.categories}
    connections: dict[str, dict[str, set[str]]] = {}
    for relation in catalogue.relations:
        for member, other in ((relation.a, relation.b), (relation.b, relation.a)):
            if relation.type == "integration" and _in_force(relation) and member in inside and other in beyond:
                for category in beyond[other].categories:
                    if category.strip().lower() not in held:
                        connections.setdefault(category.strip().lower(), {}).setdefault(other, set()).add(member)
    return sorted((_segment(*one) for one in connections.items()), key=lambda gap: (-gap.connections, gap.category))


def _segment(category: str, others: Mapping[str, Collection[str]]) -> EmptySegment:
    ranked = sorted(others.items(), key=lambda one: (-len(one[1]), one[0]))
    members = sorted({member for _, connected in ranked for member in connected})
    fillers = tuple(
        Filler(other, f"{len(connected)} of the members connect to it") for other, connected in ranked[:_WORDINGS]
    )
    return EmptySegment(category, len(members), tuple(members[:_SHOWN]), fillers)


def _outside(catalogue: Catalogue, mine: Sequence[Partner]) -> list[OutsideName]:
    known = {name for partner in catalogue.partners for name in (partner.id, partner.name.casefold())}
    names: dict[str, tuple[str, set[str]]] = {}
    for partner in mine:
        for name in partner.integrations:
            if name not in known and name.casefold() not in known:
                names.setdefault(name.casefold(), (name, set()))[1].add(partner.id)
    found = [OutsideName(name, len(who), tuple(sorted(who)[:_SHOWN])) for name, who in names.values()]
    return sorted(found, key=lambda gap: (-gap.connections, gap.name.casefold()))


def _in_force(relation: Relation) -> bool:
    return relation.status in IN_FORCE and relation.ended_on is None
