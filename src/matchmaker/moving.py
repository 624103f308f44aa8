"""Who is on a collision course with a partner: seen to move, where a bundle has snapshots, else only stated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matchmaker.encoders.base import Encoder
    from matchmaker.fitted import Fitted
    from matchmaker.profiles.catalogue import Catalogue
    from matchmaker.profiles.schema import Partner
    from matchmaker.progress import Progress
    from matchmaker.results import Match
    from matchmaker.trajectories.history import History
    from matchmaker.trajectories.motion import Motion
    from matchmaker.trajectories.observed import Observed
    from matchmaker.trajectories.orbit import Orbit
    from matchmaker.trajectories.pair import Collision

STATED = "stated, not observed"
_NO_SNAPSHOTS = (
    "No dated snapshots are in this bundle, so that nobody was seen to move: shown is where both sides' goals lead. "
    "Build with --snapshots to see more."
)


@dataclass(frozen=True)
class Collisions:
    """basis: "observed motion", or "stated, not observed"; wording: what may be said of it (docs/collisions.md), None where nobody
    converges; last: day of the last snapshot; years: horizon; collisions: likeliest first, each with `partner`, `name` and
    its evidence; proof: what the wording rests on, in a sentence, None where nothing was observed.
    """

    partner: str
    name: str
    basis: str
    wording: str | None
    last: str | None
    years: float
    collisions: list[dict[str, Any]]
    notes: list[str] = field(default_factory=list)
    proof: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)


def with_motion(
    fitted: Fitted,
    catalogue: Catalogue | Sequence[Partner],
    history: History,
    encoder: Encoder,
    progress: Progress | None,
) -> Fitted:
    """The ecosystem with what the snapshots say, the backtest of its catalogue's partnerships among it."""
    from matchmaker.profiles.catalogue import Catalogue
    from matchmaker.trajectories.grounds import MOST, ORIGINS
    from matchmaker.trajectories.observed import Observed

    relations, accounts = (catalogue.relations, catalogue.accounts) if isinstance(catalogue, Catalogue) else ((), None)
    seen = Observed.of(
        history,
        encoder,
        relations=relations,
        accounts=accounts,
        most=MOST,
        origins=ORIGINS,
        progress=progress,
    )
    return replace(fitted, motion=seen.motion, proof=seen.proof, gains=seen.gains, entries=seen.entries)


def without_accounts(fitted: Fitted) -> Fitted:
    """The ecosystem without the motion that accounts alone tell of, for whoever may not know of them."""
    from matchmaker.trajectories.kinds import SHARES

    if fitted.motion is None:
        return fitted
    facets = {name: one for name, one in fitted.motion.facets.items() if name != SHARES}
    return replace(fitted, motion=replace(fitted.motion, facets=facets) if facets else None, gains=None)


def observed(fitted: Fitted, row: int, k: int, years: float, least: float) -> Collisions:
    """Of the partner at `row`, whom snapshots of the bundle show. Raises SettingsError for what is out of range."""
    from matchmaker.trajectories.observed import OLD, Observed

    assert fitted.motion is not None  # noqa: S101 - asked before
    seen = Observed(fitted.motion, fitted.proof or OLD, fitted.gains, fitted.entries)
    return told(seen, fitted.space.ids[row], lambda partner: name_in(fitted, partner), k, years, least)


def told(seen: Observed, partner: str, name_of: Callable[[str], str], k: int, years: float, least: float) -> Collisions:
    """What was observed of one partner, in the same form whether a bundle holds it or a file was read on the spot."""
    from matchmaker.trajectories.pair import BASIS

    motion, name = seen.motion, name_of(partner)
    last, place, proof = motion.last.isoformat(), motion.rows[partner], seen.proof.sentence(years)
    found = [_row(seen, one, name_of, years) for one in motion.collisions(place, k, years=years, least=least)]
    notes = [*([] if found else [nobody_met(motion, place, name)]), *_refused(motion, partner, name)]
    wording = seen.proof.wording(years) if found else None
    return Collisions(partner, name, BASIS, wording, last, years, found, notes, proof)


def nobody_met(motion: Motion, place: int, name: str) -> str:
    """Why the partner at a row of the motion is about to meet nobody."""
    from matchmaker.trajectories.lines import FEWEST

    seen = max(int(one.lines.seen[place]) for one in motion.facets.values())
    if seen >= FEWEST:
        return "Nobody is about to be met: no trajectory converges that surely."
    times = "once" if seen == 1 else f"{seen} times"
    return f"{name} was seen {times}: insufficient data. Of fewer than {FEWEST} snapshots no course is told."


def _refused(motion: Motion, partner: str, name: str) -> list[str]:
    """A sentence where snapshots of the partner were refused: its history is shorter than the files seem to say."""
    from matchmaker.trajectories.refused import refusal

    said = refusal(name, motion.refused.get(partner))
    return [] if said is None else [said]


def _row(seen: Observed, one: Collision, name_of: Callable[[str], str], years: float) -> dict[str, Any]:
    """One collision as plain data."""
    from matchmaker.trajectories.pair import iso

    pair, ids = one.pair, seen.motion.ids
    name, theirs = name_of(ids[pair.a]), name_of(ids[pair.b])
    trend = None if seen.gains is None else seen.gains.trend(pair.a, pair.b, years)
    shared = [] if seen.entries is None else seen.entries.shared(pair.a, pair.b, years)
    entering = [
        {
            "segment": segment,
            "chance": chance,
            "who": [ids[row] for row, enters in ((pair.a, first), (pair.b, second)) if enters],
        }
        for segment, chance, first, second in shared
    ]
    evidence = [
        *pair.sentences(name, theirs),
        *([] if trend is None else [f"accounts: {trend.verdict}, {trend.reason}"]),
        *(_entry(one, name_of, pair.until.isoformat()) for one in entering),
        *(said.removesuffix(".") for said in _refused(seen.motion, ids[pair.b], theirs)),
    ]
    return {
        "rank": one.rank,
        "partner": ids[pair.b],
        "name": theirs,
        "facet": one.facet,
        "chance": one.chance,
        "verdict": pair.verdict,
        "kinds": list(pair.kinds),
        "means": list(pair.meaning()),
        "evidence": evidence,
        "until": pair.until.isoformat(),
        "courses": iso({facet: asdict(course) for facet, course in pair.courses.items()}),
        "meets": iso({facet: asdict(named) for facet, named in pair.meets.items()}),
        "overlap_trend": None if trend is None else iso(asdict(trend)),
        "entering": entering,
    }


def _entry(one: dict[str, Any], name_of: Callable[[str], str], until: str) -> str:
    who = " and ".join(map(name_of, one["who"]))
    verb, where = ("enters", "where the other is") if len(one["who"]) == 1 else ("enter", "where neither is yet")
    return f"segment: {who} {verb} “{one['segment']}”, {where}, by {until} with a chance of {one['chance']:.0%}"


def stated(fitted: Fitted, row: int, matches: Iterable[Match], k: int, years: float) -> Collisions:
    """Of the partner at `row`, which no snapshot shows: whose goals lead into what the other is, both ways."""
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
    partner, name, motion = fitted.space.ids[row], fitted.profiles.names[row], fitted.motion
    unseen = [_NO_SNAPSHOTS]
    if motion is not None:
        unseen = [
            f"{name} is in no snapshot: shown is where both sides' goals lead.",
            *_refused(motion, partner, name),
        ]
    notes = unseen + ([] if found else ["Nobody's goals lead into this partner while its own lead into theirs."])
    return Collisions(partner, name, STATED, None, None, years, found, notes)


def name_in(fitted: Fitted, partner: str) -> str:
    """The name of a partner, its id where it is none of the ecosystem's."""
    row = fitted.rows.get(partner)
    return partner if row is None else fitted.profiles.names[row]


_NO_ORBIT = (
    "No dated snapshots are in this bundle, so that nobody was seen to move and there is no orbit to draw. "
    "Build with --snapshots to see one."
)


@dataclass(frozen=True)
class PartnerOrbit:
    """A partner's orbit in one facet, as a picture in a plane of which the partner's own place today is the middle.

    facets: those in which it was seen; dates: of the snapshots; last, until: days of the last one and of the horizon; radius:
    distance at which two have met; shown: share of the squared distances that the plane keeps, in [0, 1].
    tracks: the partner first, then others, each with `seen` (as it was), `line` (through the dates) and `ahead` (to the horizon,
    with ellipses that hold 80 %; empty where either was seen too seldom for a course). Points of the last two have `apart`, the
    median of the whole distance to the partner on that day, and those ahead its 80 % interval, `low` to `high`.
    meetings: where two are about to meet, `place` being what is said there. Where there is nothing to draw, facet, last, until,
    radius and shown are None, and notes say why.
    """

    partner: str
    name: str
    facet: str | None = None
    facets: list[str] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    last: str | None = None
    until: str | None = None
    radius: float | None = None
    shown: float | None = None
    tracks: list[dict[str, Any]] = field(default_factory=list)
    meetings: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)


def orbit(fitted: Fitted, row: int, k: int, years: float, facet: str | None) -> PartnerOrbit:
    """Of the partner at `row`, with the `k` likeliest and nearest others. Raises SettingsError for what is out of range."""
    motion, partner, name = fitted.motion, fitted.space.ids[row], fitted.profiles.names[row]
    if motion is None:
        return PartnerOrbit(partner, name, notes=[_NO_ORBIT])
    place, refused = motion.rows.get(partner), _refused(motion, partner, name)
    if place is None:
        return PartnerOrbit(partner, name, notes=[f"{name} is in no snapshot: insufficient data.", *refused])
    facets = [one for one, moved in motion.facets.items() if moved.lines.seen[place]]
    found = motion.orbit(place, k, years=years, facet=facet)
    if facet is None and facets and found.facet not in facets:
        found = motion.orbit(place, k, years=years, facet=facets[0])
    if found.facet not in facets:
        note = f"{name} was never seen in {found.facet}: insufficient data."
        return PartnerOrbit(partner, name, facets=facets, notes=[note, *refused])
    plain = found.to_dict()
    tracks = _tracks(motion, found, plain["tracks"])
    named = [{"partner": motion.ids[one.row], "name": name_in(fitted, motion.ids[one.row])} for one in found.tracks]
    meetings = [
        {"partner": motion.ids[one["row"]], "place": one["name"], "date": one["date"], "x": one["x"], "y": one["y"]}
        for one in plain["meetings"]
    ]
    return PartnerOrbit(
        partner,
        name,
        found.facet,
        facets,
        plain["dates"],
        motion.last.isoformat(),
        plain["until"],
        found.radius,
        found.shown,
        [{**who, **track} for who, track in zip(named, tracks, strict=True)],
        meetings,
        [*([] if meetings else [f"Nobody is told to converge with {name} in {found.facet}."]), *refused],
    )


def _tracks(motion: Motion, found: Orbit, plain: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tracks with whole distances; what lies ahead is left out where no course may be told."""
    from matchmaker.trajectories.lines import FEWEST

    seen = motion.facets[found.facet].lines.seen
    apart = _Apart(motion, found)
    tracks = []
    for number, (one, track) in enumerate(zip(found.tracks, plain, strict=True)):
        told = min(seen[found.row], seen[one.row]) >= FEWEST
        line = [{**point, "apart": apart.on(point["date"], number)[0]} for point in track["line"]]
        ahead = [
            {**point, **dict(zip(("apart", "low", "high"), apart.on(point["date"], number), strict=True))}
            for point in (track["ahead"] if told else [])
        ]
        rest = {key: value for key, value in track.items() if key not in ("row", "line", "ahead")}
        tracks.append({**rest, "line": line, "ahead": ahead})
    return tracks


class _Apart:
    """Whole distances of an orbit's tracks to its partner, the first of them, in the plane's facet."""

    def __init__(self, motion: Motion, found: Orbit) -> None:
        from matchmaker.trajectories.lines import Lines

        lines, rows = motion.facets[found.facet].lines, [track.row for track in found.tracks]
        self._lines = Lines(**{part.name: getattr(lines, part.name)[rows] for part in fields(Lines)})
        self._last = motion.last
        self._kept: dict[str, list[tuple[float, float, float]]] = {}

    def on(self, day: str, number: int) -> tuple[float, float, float]:
        """Median and 80 % interval of the distance of the track of this number on a day; zeros for the partner itself."""
        if day not in self._kept:
            self._kept[day] = self._all(date.fromisoformat(day))
        return self._kept[day][number]

    def _all(self, day: date) -> list[tuple[float, float, float]]:
        from matchmaker.trajectories.distance import Z80, quantile, sums
        from matchmaker.trajectories.field import YEAR

        mean, variance = self._lines.at((day - self._last).days / YEAR)
        of = sums(mean[1:] - mean[0], variance[1:] + variance[0])
        median, low, high = (quantile(of, z).tolist() for z in (0.0, -Z80, Z80))
        return [(0.0, 0.0, 0.0), *zip(median, low, high, strict=True)]
