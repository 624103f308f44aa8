"""From scored arrays to answers for people: matches with reasons, explanations, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from matchmaker.fitted import Fitted, holds, voice_of
from matchmaker.matching.confidence import grade
from matchmaker.matching.course import BASIS as STATED
from matchmaker.matching.course import StatedCourse, heading
from matchmaker.matching.motion import Motion, Signals, motions
from matchmaker.matching.prior import WEIGHED, Directed
from matchmaker.matching.reasons import Meeting, Shared, Voice, as_dict, brings, meetings, sentence, shared
from matchmaker.matching.scorer import Scored
from matchmaker.matching.space import NEIGHBOURS, Side
from matchmaker.results import Match, SideReport

GOALS_FROM_PEERS = "states no goals; goals typical of its category peers stand in"
NO_GOALS = "states no goals and has no category peers that do; closeness of the market took their weight"
Relations = dict[int, list[dict[str, Any]]]


class Narrator:
    """Tells one side's scored pairs. `voice` are the side's texts, `relations` its known relations by row."""

    def __init__(self, fitted: Fitted, side: Side, name: str, voice: Voice, relations: Relations) -> None:
        self._fitted, self._side, self._id, self._voice, self._relations = fitted, side, name, voice, relations
        self._plain: dict[int, dict[str, Any]] = {}

    def motions(self, scored: Scored, position: int) -> list[Motion]:
        """What the pair at `position` could do together."""
        return self._told(scored, position, self._fitted.voice(int(scored.rows[position])), explain=False)[0]

    def read(self, rows: Sequence[int]) -> None:
        """Read the profiles of the partners that will be told of, in one go."""
        self._plain = dict(zip(rows, self._fitted.profiles.shown(rows), strict=True))

    def match(self, scored: Scored, position: int, rank: int, channels: Sequence[str], *, explain: bool) -> Match:
        """The pair at `position` of `scored` as a match of rank `rank`."""
        space, row = self._fitted.space, int(scored.rows[position])
        plain = self._plain[row] if row in self._plain else self._fitted.profiles.shown([row])[0]
        found, course, sides = self._told(scored, position, voice_of(plain), explain=explain)
        out, back = float(scored.out.value[position]), float(scored.back.value[position])
        complete = min(self._side.completeness, float(space.completeness[row]))
        return Match(
            rank=rank,
            partner=space.ids[row],
            name=plain["name"],
            mutual=_round(scored.mutual[position]),
            value_to_you=_share(out),
            value_to_them=_share(back),
            balance=_round(scored.balance[position]),
            weaker_side=self._id if out <= back else space.ids[row],
            one_way_street=bool(scored.one_way[position]),
            fit_type=str(scored.fit_type[position]),
            motions=[asdict(motion) for motion in found],
            categories=list(plain["categories"]),
            size_band=plain["size_band"],
            confidence=grade(complete),
            completeness=_round(complete),
            stated_course=_course(course),
            relations=self._relations.get(row, []),
            channels=list(channels),
            sides=sides,
        )

    def common(self, row: int) -> Shared:
        """What the side shares with the partner at `row`."""
        return self._shared(self._fitted.space.side(row, asking=False))

    def _shared(self, other: Side) -> Shared:
        """What both sides have in common, their shared neighbours by name."""
        found = shared(self._fitted.space, self._side, other)
        if NEIGHBOURS not in found.labels:
            return found
        named = [self._fitted.name(one) for one in found.labels[NEIGHBOURS]]
        links = [self._fitted.name(one) for one in found.links]
        return replace(found, labels={**found.labels, NEIGHBOURS: named}, links=links)

    def _told(
        self, scored: Scored, position: int, voice: Voice, *, explain: bool
    ) -> tuple[list[Motion], StatedCourse, list[SideReport]]:
        row = int(scored.rows[position])
        other = self._fitted.space.side(row, asking=False)
        gives, gets = meetings(self._side, other, self._voice, voice), meetings(other, self._side, voice, self._voice)
        common = self._shared(other)
        found = motions(
            Signals(
                fit_type=str(scored.fit_type[position]),
                audience=_known(scored.audience[position]),
                redundancy=_known(scored.redundancy[position]),
                gives=gives,
                gets=gets,
                common=common,
                connected=any(fact["type"] == "integration" and holds(fact) for fact in self._relations.get(row, [])),
                stated=self._side.states_audience and other.states_audience,
            )
        )
        course = StatedCourse(
            heading(self._side, other, self._voice, voice), heading(other, self._side, voice, self._voice)
        )
        if not explain:
            return found, course, []
        sides = [
            _side(
                self._id,
                scored.out,
                position,
                gives,
                sentence(self._voice, voice, gives, common, None if gives else brings(self._side, other, voice)),
            ),
            _side(
                self._fitted.space.ids[row],
                scored.back,
                position,
                gets,
                sentence(voice, self._voice, gets, common, None if gets else brings(other, self._side, self._voice)),
            ),
        ]
        return found, course, sides


def goal_note(name: str, side: Side, voice: Voice) -> list[str]:
    """What to say about a partner's goals, if anything."""
    if voice.goals_from_peers and voice.goals:
        return [f"{name} {GOALS_FROM_PEERS}"]
    return [] if len(side.goals.vectors) else [f"{name} {NO_GOALS}"]


def _side(receiver: str, directed: Directed, position: int, met: Sequence[Meeting], text: str) -> SideReport:
    return SideReport(
        receiver=receiver,
        value=_share(directed.value[position]),
        total=float(directed.total[position]),
        contributions={kind: float(directed.contributions[kind][position]) for kind in WEIGHED},
        percentiles={kind: _known(values[position]) for kind, values in directed.percentiles.items()},
        meets=as_dict(met),
        sentence=text,
    )


def _course(course: StatedCourse) -> dict[str, Any] | None:
    if course.ours is None or course.theirs is None:
        return None
    return {"basis": STATED, "ours": asdict(course.ours), "theirs": asdict(course.theirs)}


def _known(value: np.floating | float) -> float | None:
    plain = float(value)
    return None if plain != plain else _share(plain)


def _share(value: np.floating | float) -> float:
    """A percentile of six digits; it never reaches 1."""
    return min(_round(value), 0.999999)


def _round(value: np.floating | float) -> float:
    return round(float(value), 6)
