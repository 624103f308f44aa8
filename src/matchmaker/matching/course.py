"""Stated collision course: without dated snapshots a partner's goals are its heading.

Two partners are on a stated course when each one's goals lead into what the other is: its audience or its capabilities. Nothing
was seen to move, so every answer carries the label "stated, not observed".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matchmaker.matching.closeness import Closeness
from matchmaker.matching.gain import OWN, RARE, RARE_AUDIENCE
from matchmaker.matching.reasons import Voice

BASIS = "stated, not observed"
LEADS_INTO = 0.5
"""Cosine from which a goal can lead into the other's audience or capabilities, if that is nearer than 95 % of partners are."""


@dataclass(frozen=True)
class Heading:
    """One side's goal that leads furthest into the other.

    into: `audience` or `capabilities`; lead: cosine beyond where the side stands today, in [0, 1].
    """

    goal: str
    into: str
    target: str
    cosine: float
    lead: float


@dataclass(frozen=True)
class StatedCourse:
    """Both headings, and whether they cross."""

    ours: Heading | None
    theirs: Heading | None
    basis: str = BASIS

    @property
    def collides(self) -> bool:
        """Whether both sides head for one another."""
        return self.ours is not None and self.theirs is not None


def heading(near: Closeness, voice: Voice, other_voice: Voice) -> Heading | None:
    """The receiver's goal that leads furthest into the giver, or None where none leads beyond where it stands today."""
    if not len(near.met) or voice.goals_from_peers:
        return None  # goals borrowed from peers are nobody's stated heading
    if max(near.into.max(), near.met.max(initial=-1.0)) < LEADS_INTO - 1e-6:
        return None  # most pairs, and nothing is rounded for them
    cosines = np.round(np.concatenate((near.into[:, None], near.met), axis=1), 6)
    lead = cosines - near.marks[:, OWN, None]
    bars = np.repeat(np.maximum(near.marks[:, RARE, None], LEADS_INTO), cosines.shape[1], axis=1)
    bars[:, 0] = np.maximum(near.marks[:, RARE_AUDIENCE], LEADS_INTO)
    goal, target = np.unravel_index(int(np.argmax(np.where(cosines >= bars, lead, -1.0))), lead.shape)
    if cosines[goal, target] < bars[goal, target] or lead[goal, target] <= 0:
        return None
    into = "audience" if target == 0 else "capabilities"
    text = other_voice.audience if target == 0 else other_voice.capabilities[int(target) - 1]
    return Heading(voice.goals[int(goal)], into, text, float(cosines[goal, target]), float(lead[goal, target]))
