"""What kind of meeting a pair is heading for, from its courses in the facets."""

from __future__ import annotations

from collections.abc import Mapping

from matchmaker.trajectories.course import CONVERGING, INSUFFICIENT, Course

AUDIENCE, CAPABILITIES, GOALS, SHARES = "audience", "capabilities", "goals", "audience shares"
PARTNER_NOW = "partner now"
RIVAL = "future rival or merger"
RACE = "integration race"
CO_MARKETING = "co-marketing"
MEANS = {
    PARTNER_NOW: "they come to serve the same customers with different things",
    RIVAL: "they come to serve the same customers with the same things",
    RACE: "they come to offer the same things, to customers that do not converge",
    CO_MARKETING: "they come to want the same",
}


def kinds_of(courses: Mapping[str, Course]) -> tuple[str, ...]:
    """Kinds that the courses support, none where nothing converges; co-marketing may stand beside another.

    Audience (texts or shares) converging, capabilities apart: partner now. Both: future rival or merger. Capabilities alone:
    integration race. Goals: co-marketing. Capabilities are apart where they neither converge nor have met already; where too
    little is known of them to say that, audiences that converge support no kind.
    """
    audience = any(_converges(courses.get(name)) for name in (AUDIENCE, SHARES))
    capabilities = courses.get(CAPABILITIES)
    found = []
    if audience and _together(capabilities):
        found.append(RIVAL)
    elif audience and _apart(capabilities):
        found.append(PARTNER_NOW)
    elif not audience and _converges(capabilities):
        found.append(RACE)
    if _converges(courses.get(GOALS)):
        found.append(CO_MARKETING)
    return tuple(found)


def _converges(course: Course | None) -> bool:
    return course is not None and course.verdict == CONVERGING


def _together(course: Course | None) -> bool:
    """Whether they converge, or stand within the radius already."""
    return _converges(course) or (course is not None and course.now is not None and course.now.value < course.radius)


def _apart(course: Course | None) -> bool:
    """Whether they are told to stand apart: seen to keep or widen a distance, or surely beyond the radius whatever the motion."""
    if course is None or course.now is None:
        return False
    return course.verdict != INSUFFICIENT or (course.now.low or 0.0) > course.radius
