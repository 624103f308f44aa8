"""Who is on a collision course with a partner: seen to move, where a bundle has snapshots, else only stated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matchmaker.fitted import Fitted
    from matchmaker.results import Match

STATED = "stated, not observed"
_NO_SNAPSHOTS = (
    "No dated snapshots are in this bundle, so that nobody was seen to move: shown is where both sides' goals lead. "
    "Build with --snapshots to see more."
)


@dataclass(frozen=True)
class Collisions:
    """basis: "observed motion", or "stated, not observed"; wording: what may be said of it (docs/collisions.md), None where nobody
    converges; last: day of the last snapshot; years: horizon; collisions: likeliest first, each with `partner`, `name` and
    its evidence.
    """

    partner: str
    name: str
    basis: str
    wording: str | None
    last: str | None
    years: float
    collisions: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)


def observed(fitted: Fitted, row: int, k: int, years: float, least: float) -> Collisions:
    """Of the partner at `row`, in a bundle with snapshots. Raises SettingsError for what is out of range."""
    from matchmaker.trajectories.pair import BASIS, iso
    from matchmaker.trajectories.wording import wording

    motion, partner = fitted.motion, fitted.space.ids[row]
    assert motion is not None  # noqa: S101 - asked before
    name, last = fitted.profiles.names[row], motion.last.isoformat()
    place = motion.rows.get(partner)
    if place is None:
        note = f"{name} is in no snapshot: insufficient data."
        return Collisions(partner, name, BASIS, None, last, years, [], [note])
    found = []
    for one in motion.collisions(place, k, years=years, least=least):
        other = motion.ids[one.pair.b]
        theirs = _name(fitted, other)
        found.append(
            {
                "rank": one.rank,
                "partner": other,
                "name": theirs,
                "facet": one.facet,
                "chance": one.chance,
                "verdict": one.pair.verdict,
                "kinds": list(one.pair.kinds),
                "means": list(one.pair.meaning()),
                "evidence": list(one.pair.sentences(name, theirs)),
                "until": one.pair.until.isoformat(),
                "courses": iso({facet: asdict(course) for facet, course in one.pair.courses.items()}),
                "meets": iso({facet: asdict(named) for facet, named in one.pair.meets.items()}),
            }
        )
    notes = [] if found else ["Nobody is about to be met: no trajectory converges that surely."]
    return Collisions(partner, name, BASIS, wording(False) if found else None, last, years, found, notes)


def stated(fitted: Fitted, row: int, matches: Iterable[Match], k: int, years: float) -> Collisions:
    """Of the partner at `row`, in a bundle without snapshots: whose goals lead into what the other is, both ways."""
    crossing = [match for match in matches if match.stated_course is not None][:k]
    found = [
        {
            "rank": rank,
            "partner": match.partner,
            "name": match.name,
            "fit_type": match.fit_type,
            "course": match.stated_course,
        }
        for rank, match in enumerate(crossing, start=1)
    ]
    name = fitted.profiles.names[row]
    notes = [_NO_SNAPSHOTS] + (
        [] if found else ["Nobody's goals lead into this partner while its own lead into theirs."]
    )
    return Collisions(fitted.space.ids[row], name, STATED, None, None, years, found, notes)


def _name(fitted: Fitted, partner: str) -> str:
    row = fitted.rows.get(partner)
    return partner if row is None else fitted.profiles.names[row]
