"""The orbit of a partner as a Matplotlib figure, for notebooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from matchmaker.errors import MissingExtraError
from matchmaker.trajectories.course import CONVERGING, DIVERGING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from matchmaker.trajectories.orbit import Meeting, Orbit, Track

OWN, TOWARD, AWAY, OTHER = "#1b4d89", "#c2410c", "#6b7280", "#9ca3af"
_NAMED = 8
_KEY = "line: until now · dashed: ahead · disc: holds 80 % at the horizon · orange: comes closer · grey: does not"


def orbit_figure(orbit: Orbit, name: Callable[[int], str] = str) -> Figure:
    """Tracks up to now as lines, the way ahead dashed, ellipses of 80 % at the horizon, meetings as numbered stars.

    name: partner's name by row. Raises MissingExtraError without Matplotlib.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("The figure needs Matplotlib: pip install 'matchmaker[notebooks]'.") from error
    figure = Figure(figsize=(8, 6.5), layout="constrained")
    axes = figure.add_subplot()
    for place, track in enumerate(orbit.tracks):
        _draw(axes, track, name(track.row), own=place == 0, named=place < _NAMED)
    for number, meeting in enumerate(orbit.meetings, start=1):
        axes.plot(meeting.x, meeting.y, marker="*", color=TOWARD, markersize=13, linestyle="", zorder=5)
        axes.annotate(str(number), (meeting.x, meeting.y), (0, 8), textcoords="offset points", fontsize=8, ha="center")
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xlabel(f"{orbit.facet}, plane that keeps {orbit.shown:.0%} of the distances")
    told = [_meeting(number, one, name) for number, one in enumerate(orbit.meetings, start=1)]
    figure.supxlabel("\n".join((_KEY, *told)), fontsize=8, x=0.02, ha="left")
    axes.set_title(f"Orbit of {_plain(name(orbit.row))}: {orbit.dates[0]} to {orbit.dates[-1]}, ahead to {orbit.until}")
    return figure


def _draw(axes: Any, track: Track, name: str, *, own: bool, named: bool) -> None:  # noqa: ANN401 - Matplotlib's Axes
    from matplotlib.patches import Ellipse

    color = OWN if own else {CONVERGING: TOWARD, DIVERGING: AWAY}.get(track.verdict or "", OTHER)
    axes.plot([p.x for p in track.seen], [p.y for p in track.seen], ".", color=color, markersize=3, alpha=0.5)
    axes.plot([p.x for p in track.line], [p.y for p in track.line], "-", color=color, linewidth=2.2 if own else 1.2)
    axes.plot([p.x for p in track.ahead], [p.y for p in track.ahead], "--", color=color, linewidth=1.2)
    now, end = track.ahead[0], track.ahead[-1]
    axes.plot(now.x, now.y, "o", color=color, markersize=7 if own else 4)
    axes.add_patch(
        Ellipse(
            (end.x, end.y), 2 * end.major, 2 * end.minor, angle=end.angle, facecolor=color, edgecolor=color, alpha=0.12
        )
    )
    if named:
        axes.annotate(_plain(name), (now.x, now.y), (5, 4), textcoords="offset points", fontsize=8, color=color)


def _meeting(number: int, meeting: Meeting, name: Callable[[int], str]) -> str:
    """Who is met at a star, when, and in what."""
    place = f": {_plain(meeting.name)}" if meeting.name else ""
    return f"★ {number}  {_plain(name(meeting.row))}, about {meeting.date}{place}"


def _plain(text: str) -> str:
    """At most 40 characters, the dollar sign not taken for mathematics."""
    return (text if len(text) <= 40 else text[:39] + "…").replace("$", r"\$")
