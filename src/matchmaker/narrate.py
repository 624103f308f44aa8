"""From scored arrays to answers for people: matches with reasons, explanations, notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from matchmaker.fitted import Fitted, holds, voice_of
from matchmaker.matching.closeness import Closeness, Texts, closeness
from matchmaker.matching.confidence import grade
from matchmaker.matching.course import BASIS as STATED
from matchmaker.matching.course import StatedCourse, heading
from matchmaker.matching.evidence import KINDS
from matchmaker.matching.motion import Motion, Signals, motions
from matchmaker.matching.prior import WEIGHED
from matchmaker.matching.reasons import Meeting, Voice, as_dict, brings, meetings, sentence
from matchmaker.matching.scorer import Scored
from matchmaker.matching.shared import Shared, Sharing
from matchmaker.matching.space import NEIGHBOURS, Side
from matchmaker.results import LEARNED, Match, SideReport

if TYPE_CHECKING:
    from matchmaker.matching.learned.model import Judged

GOALS_FROM_PEERS = "states no goals; goals typical of its category peers stand in"
NO_GOALS = "states no goals and has no category peers that do; closeness of the market took their weight"
Relations = dict[int, list[dict[str, Any]]]
FEW = 30
"""Below so many partners the scales say little, and the answer says so."""
_BLOCK = 512
"""Partners told of at a time; bounds the memory of their texts' vectors."""


class Narrator:
    """Tells one side's scored pairs. `voice` are the side's texts, `relations` its known relations by row."""

    def __init__(self, fitted: Fitted, side: Side, name: str, voice: Voice, relations: Relations) -> None:
        self._fitted, self._side, self._id, self._voice, self._relations = fitted, side, name, voice, relations

    def motions(self, scored: Scored, positions: Sequence[int]) -> Iterator[list[Motion]]:
        """What the pairs at `positions` could do together."""
        rows = [int(row) for row in scored.rows[positions]]
        voices = [self._fitted.voice(row) for row in rows]
        for told, position in zip(self._told(rows, voices), positions, strict=True):
            yield self._motions(scored, position, told)

    def courses(self, scored: Scored, positions: Sequence[int]) -> Iterator[dict[str, Any] | None]:
        """The stated courses of the pairs at `positions`, None where goals do not cross."""
        space, rows = self._fitted.space, [int(row) for row in scored.rows[positions]]
        for low in range(0, len(rows), _BLOCK):
            part = rows[low : low + _BLOCK]
            near = closeness(self._side, Texts.of(space, np.array(part, dtype=np.int64)))
            for row, (toward, back) in zip(part, near, strict=True):
                yield self._course(toward, back, self._fitted.voice(row))

    def matches(
        self, scored: Scored, positions: Sequence[int], channels: Sequence[Sequence[str]], *, explain: bool
    ) -> list[Match]:
        """The pairs at `positions` as matches of rank 1, 2, ...; channels: of each pair, those that found it."""
        rows = [int(row) for row in scored.rows[positions]]
        shown = self._fitted.profiles.shown(rows)
        told = self._told(rows, [voice_of(one) for one in shown])
        numbers = _Numbers(scored, positions)
        return [
            self._match(scored, position, place, plain, one, list(found), numbers, explain=explain)
            for place, (position, plain, one, found) in enumerate(zip(positions, shown, told, channels, strict=True))
        ]

    def common(self, row: int) -> Shared:
        """What the side shares with the partner at `row`, shared neighbours by name."""
        return self._named(Sharing(self._fitted.space, self._side, [row]).with_partner(row))

    def _named(self, found: Shared) -> Shared:
        if NEIGHBOURS not in found.labels:
            return found
        fitted = self._fitted
        named = [fitted.name(one) for one in found.labels[NEIGHBOURS] if not fitted.departed(one)]
        links = [fitted.name(one) for one in found.links if not fitted.departed(one)]
        return replace(found, labels={**found.labels, NEIGHBOURS: named}, links=links)

    def _told(self, rows: Sequence[int], voices: Sequence[Voice]) -> Iterator[_Told]:
        """What there is to tell of the side and each of the partners at `rows`."""
        space = self._fitted.space
        for low in range(0, len(rows), _BLOCK):
            part = rows[low : low + _BLOCK]
            texts, sharing = Texts.of(space, np.array(part, dtype=np.int64)), Sharing(space, self._side, part)
            for row, voice, (toward, back) in zip(part, voices[low:], closeness(self._side, texts), strict=False):
                gives, gets = meetings(toward, self._voice, voice), meetings(back, voice, self._voice)
                yield _Told(row, voice, toward, back, gives, gets, self._named(sharing.with_partner(row)))

    def _match(
        self,
        scored: Scored,
        position: int,
        place: int,
        plain: dict[str, Any],
        told: _Told,
        channels: list[str],
        numbers: _Numbers,
        *,
        explain: bool,
    ) -> Match:
        space, row = self._fitted.space, told.row
        complete = min(self._side.completeness, float(space.completeness[row]))
        return Match(
            rank=place + 1,
            partner=space.ids[row],
            name=plain["name"],
            mutual=numbers.mutual[place],
            value_to_you=numbers.value[0][place],
            value_to_them=numbers.value[1][place],
            balance=numbers.balance[place],
            weaker_side=self._id if scored.out.value[position] <= scored.back.value[position] else space.ids[row],
            one_way_street=bool(scored.one_way[position]),
            fit_type=str(scored.fit_type[position]),
            motions=[dict(vars(motion)) for motion in self._motions(scored, position, told)],
            categories=list(plain["categories"]),
            size_band=plain["size_band"],
            confidence=grade(complete),
            completeness=_round(complete),
            stated_course=self._course(told.toward, told.back, told.voice),
            relations=self._relations.get(row, []),
            channels=channels,
            sides=self._sides(told, place, numbers) if explain else [],
        )

    def _motions(self, scored: Scored, position: int, told: _Told) -> list[Motion]:
        facts = self._relations.get(told.row, [])
        return motions(
            Signals(
                fit_type=str(scored.fit_type[position]),
                audience=_known(scored.audience[position]),
                redundancy=_known(scored.redundancy[position]),
                gives=told.gives,
                gets=told.gets,
                common=told.common,
                connected=any(fact["type"] == "integration" and holds(fact) for fact in facts),
                stated=self._side.states_audience and bool(self._fitted.space.states_audience[told.row]),
            )
        )

    def _course(self, toward: Closeness, back: Closeness, voice: Voice) -> dict[str, Any] | None:
        ours = heading(toward, self._voice, voice)
        theirs = heading(back, voice, self._voice) if ours else None
        if not StatedCourse(ours, theirs).collides:
            return None
        return {"basis": STATED, "ours": dict(vars(ours)), "theirs": dict(vars(theirs))}

    def _sides(self, told: _Told, place: int, numbers: _Numbers) -> list[SideReport]:
        """Both directions of a pair, the asking side's first."""
        ours, theirs = self._voice, told.voice
        brought = None if told.gives else brings(told.toward, theirs)
        brought_back = None if told.gets else brings(told.back, ours)
        return [
            numbers.side(0, place, self._id, told.gives, sentence(ours, theirs, told.gives, told.common, brought)),
            numbers.side(
                1,
                place,
                self._fitted.space.ids[told.row],
                told.gets,
                sentence(theirs, ours, told.gets, told.common, brought_back),
            ),
        ]


class _Told(NamedTuple):
    """A partner beside the asking side: `toward` is what it is to the side, `back` the reverse; `gives` and `gets` likewise."""

    row: int
    voice: Voice
    toward: Closeness
    back: Closeness
    gives: list[Meeting]
    gets: list[Meeting]
    common: Shared


class _Numbers:
    """The numbers of the reports on some scored pairs, taken out of the arrays in one go."""

    def __init__(self, scored: Scored, positions: Sequence[int]) -> None:
        ways = (scored.out, scored.back)
        self.mutual, self.balance = (np.round(one[positions], 6).tolist() for one in (scored.mutual, scored.balance))
        self.value = [shares(way.value[positions]) for way in ways]
        self._total = [way.total[positions].tolist() for way in ways]
        self._contributions = [way.contributions[:, positions].T.tolist() for way in ways]
        self._percentiles = [shares(way.percentiles[:, positions].T) for way in ways]

    def side(self, way: int, place: int, receiver: str, met: Sequence[Meeting], text: str) -> SideReport:
        """One direction (0 out, 1 back) of the pair at `place`."""
        known = [None if share != share else share for share in self._percentiles[way][place]]
        return SideReport(
            receiver=receiver,
            value=self.value[way][place],
            total=self._total[way][place],
            contributions=dict(zip(WEIGHED, self._contributions[way][place], strict=True)),
            percentiles=dict(zip(KINDS, known, strict=True)),
            meets=as_dict(met),
            sentence=text,
        )


def with_history(matches: Sequence[Match], judged: Judged, positions: Sequence[int], *, explain: bool) -> list[Match]:
    """The matches, which are those of the judged pairs at `positions`, with what was learned of each."""
    found = []
    for match, position in zip(matches, positions, strict=True):
        told: dict[str, Any] = {
            "chance": plain_chance(judged.chance[position]),
            "yours": plain_chance(judged.yours[position]),
            "theirs": plain_chance(judged.theirs[position]),
            "log_odds": {"yours": float(judged.odds[position]), "theirs": float(judged.back[position])},
            "from": judged.source,
        }
        if explain:
            told["contributions"] = {
                side: dict(zip(judged.names, judged.parts[way, position].tolist(), strict=True))
                for way, side in enumerate(("yours", "theirs"))
            }
        found.append(replace(match, history=told, basis=LEARNED))
    return found


def trust_notes(name: str, side: Side, partners: int) -> list[str]:
    """What to say where the numbers stand on little: a profile that is a mere name, or a handful of partners."""
    notes = []
    if side.completeness == 0:
        notes.append(f"{name} states nothing that can be matched but its name; the list is guesswork")
    if partners < FEW:
        notes.append(f"a value is a rank among the {partners} partners there are: the best of so few need not be good")
    return notes


def goal_note(name: str, side: Side, voice: Voice) -> list[str]:
    """What to say about a partner's goals, if anything."""
    if voice.goals_from_peers and voice.goals:
        return [f"{name} {GOALS_FROM_PEERS}"]
    return [] if len(side.goals.vectors) else [f"{name} {NO_GOALS}"]


def _known(value: np.floating | float) -> float | None:
    plain = float(value)
    return None if plain != plain else _share(plain)


def _share(value: np.floating | float) -> float:
    """A percentile of six digits; it never reaches 1."""
    return min(_round(value), 0.999999)


def shares(values: NDArray[np.float64]) -> list[Any]:
    """Percentiles of six digits, which never reach 1, of an array as nested lists; NaN stays NaN."""
    found: list[Any] = np.minimum(np.round(values, 6), 0.999999).tolist()
    return found


def plain_chance(value: np.floating | float) -> float | None:
    """A chance of six digits, which is neither 0 nor 1; None where there is none to show."""
    return None if value != value else min(max(_round(value), 0.000001), 0.999999)


def _round(value: np.floating | float) -> float:
    return round(float(value), 6)
