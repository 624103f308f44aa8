"""Which partners of a list the asking one is on a collision course with: seen to move, else only stated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import SettingsError
from matchmaker.matching.course import BASIS as STATED
from matchmaker.moving import nobody_met

if TYPE_CHECKING:
    from matchmaker.fitted import Fitted
    from matchmaker.matching.scorer import Scored
    from matchmaker.narrate import Narrator
    from matchmaker.results import Match
    from matchmaker.trajectories.motion import Motion
    from matchmaker.trajectories.pair import Collision

COLLISION = "collision"
RELATIONS = (COLLISION,)
"""What a list may be narrowed to."""


@dataclass(frozen=True)
class Courses:
    """The courses of one asking partner. name: as people know it; asked: whether only partners on a course are listed; place: its
    row in the motion, None where it was never seen to move, so that its stated course alone is known; unseen: why it was not.
    """

    fitted: Fitted
    name: str
    asked: bool
    place: int | None
    unseen: str

    @classmethod
    def of(cls, fitted: Fitted, partner: str | None, name: str, relation: str | None) -> Courses:
        """Of a partner by its id, None for one that is given by its profile. Raises SettingsError for an unknown relation."""
        if relation is not None and relation not in RELATIONS:
            raise SettingsError(f"relation must be {' or '.join(RELATIONS)}, or left out, not {relation!r}.")
        asked, motion = relation is not None, fitted.motion
        if motion is None:
            return cls(fitted, name, asked, None, "no dated snapshots are in this bundle")
        if partner is None:
            return cls(fitted, name, asked, None, f"{name} is given by its profile, which nobody saw move")
        return cls(fitted, name, asked, motion.rows.get(partner), f"{name} is in no snapshot")

    @property
    def narrows(self) -> bool:
        """Whether the eligible partners are those that were seen to converge, of whom none may be lost in retrieval."""
        return self.asked and self.place is not None

    def allowed(self, allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(n,) bool, who of the eligible partners may be listed, as far as motion tells."""
        if not self.narrows:
            return allowed
        motion, rows = self._motion, self.fitted.rows
        met = [rows.get(motion.ids[other]) for other in motion.met(self._own)[0].tolist()]
        on_course = np.zeros(len(allowed), dtype=bool)
        on_course[[row for row in met if row is not None]] = True
        return allowed & on_course

    def keep(self, keep: NDArray[np.bool_], scored: Scored, narrator: Narrator) -> NDArray[np.bool_]:
        """(m,) bool, which of the scored pairs stay, as far as goals tell."""
        if not self.asked or self.narrows:
            return keep
        kept, left = np.flatnonzero(keep), keep.copy()
        left[kept] = [course is not None for course in narrator.courses(scored, kept.tolist())]
        return left

    def told(self, matches: Sequence[Match]) -> list[Match]:
        """The matches, each with its collision course where it is on one."""
        if self.place is not None:
            found = self._observed([match.partner for match in matches], [match.name for match in matches])
            return [replace(match, collision=one) if one else match for match, one in zip(matches, found, strict=True)]
        if not self.asked:
            return list(matches)
        return [replace(match, collision=match.stated_course) for match in matches]

    def notes(self, matches: Sequence[Match]) -> list[str]:
        """What a list with courses rests on, and what may be said of it."""
        observed = self.place is not None
        notes = [] if observed or not self.asked else [f"{self.unseen}: courses are {STATED}"]
        if observed and any(match.collision for match in matches):
            notes.append(self._wording())
        if self.asked and not matches:
            notes.append(
                nobody_met(self._motion, self._own, self.name)
                if observed
                else f"nobody that is eligible heads for {self.name} while it heads for them"
            )
        return notes

    @property
    def _motion(self) -> Motion:
        assert self.fitted.motion is not None  # noqa: S101 - a place is one of the motion
        return self.fitted.motion

    @property
    def _own(self) -> int:
        assert self.place is not None  # noqa: S101 - asked before
        return self.place

    def _observed(self, partners: Sequence[str], names: Sequence[str]) -> list[dict[str, Any] | None]:
        """Of each partner what was seen, None where the two are on no course."""
        motion = self._motion
        places = [motion.rows.get(partner) for partner in partners]
        seen = np.array([place for place in places if place is not None], dtype=np.int64)
        if not len(seen):
            return [None] * len(places)
        met = {one.pair.b: one for one in motion.collisions(self._own, len(seen), among=seen)}
        return [
            None if place is None or place not in met else self._course(met[place], name)
            for place, name in zip(places, names, strict=True)
        ]

    def _course(self, met: Collision, name: str) -> dict[str, Any]:
        pair = met.pair
        said = dict(zip(pair.courses, pair.sentences(self.name, name), strict=True))
        return {
            "basis": pair.basis,
            "verdict": pair.verdict,
            "facet": met.facet,
            "chance": round(met.chance, 6),
            "kinds": list(pair.kinds),
            "evidence": said[met.facet],
            "until": pair.until.isoformat(),
        }

    def _wording(self) -> str:
        from matchmaker.trajectories.motion import HORIZON
        from matchmaker.trajectories.observed import OLD

        return (self.fitted.proof or OLD).wording(HORIZON)
