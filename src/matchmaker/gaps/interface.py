"""Interface fit: whether two partners could be integrated with what they publish, what is missing, and who has to build it.

A **flow** brings a thing from a source to a target: the source tells of it by an event, or it can be read, and an operation of the
target takes it in. Effort is counted in pieces; one piece is one event, one operation, or the mapping of one thing:

    effort = 1 (the mapping) + what the cheapest flow lacks + what sign-in, formats and styles need
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from matchmaker.gaps.facts import EVENT, HANDLED, NAMED, READ, TAKEN, Facts, first
from matchmaker.gaps.terms import ANYTHING

READY, NEEDS_WORK, BLOCKED, UNKNOWN = "ready", "needs work", "blocked", "unknown"
VERDICTS = (READY, NEEDS_WORK, BLOCKED, UNKNOWN)
"""Best first; the numbers of `bulk.verdicts` are places in it."""
BLOCKING, MAJOR, MINOR, OPEN = "blocking", "major", "minor", "open"
"""Severity of a gap. open: nobody has said, so it is to be found out."""
CONNECTOR = "connector"
"""Whoever builds what stands between the two."""
GIVEN, TAKEN_BY = ("event", "read", "named"), ("operation", "handled")
"""Words of the levels of `facts.py`."""
MAPPING = 1.0
GIVING = {EVENT: 0.0, READ: 0.5, NAMED: 1.0}
"""Pieces that giving a thing lacks: nothing, a poller in the connector, an event of the source."""
TAKING = {TAKEN: 0.0, HANDLED: 1.0}
"""Pieces that taking a thing in lacks: nothing, an operation of the target."""
SIGN_IN, FORMAT, STYLE = 0.25, 0.5, 2.0
"""Pieces for another way to sign in, a converter of formats, a gateway between styles."""
_SPOKEN = {"call": "requests", "file": "files or EDI", "app": "apps inside it"}
_SHOWN = 8


@dataclass(frozen=True)
class Gap:
    """Something missing. builder: the source's or target's id, or `connector`; effort in pieces; needed: whether the cheapest
    flow waits for it; thing: what it is about, None where it is about the whole interface.
    """

    code: str
    severity: str
    sentence: str
    builder: str
    effort: float
    needed: bool
    thing: str | None = None


@dataclass(frozen=True)
class Flow:
    """A thing that could pass. given: event, read or named; taken: operation or handled; the words are each side's own."""

    thing: str
    given: str
    source_words: str
    taken: str
    target_words: str
    missing: float


@dataclass(frozen=True)
class Direction:
    """One way of a pair. effort: pieces, None where the verdict is blocked or unknown."""

    source: str
    target: str
    verdict: str
    reason: str
    effort: float | None
    flows: tuple[Flow, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True)
class InterfaceFit:
    """The verdict on a pair: that of its better direction, or of the only one asked for; a known integration makes it ready.

    connected: whether an integration between the two is in force.
    """

    a: str
    b: str
    verdict: str
    reason: str
    effort: float | None
    connected: bool
    directions: tuple[Direction, ...]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps of the better direction, those that the cheapest flow waits for first."""
        return self.directions[0].gaps

    def to_dict(self) -> dict[str, Any]:
        """Plain data, directions with the better one first."""
        return asdict(self)


@dataclass(frozen=True)
class End:
    """One partner of a pair: its id, its facts, and with how many partners an integration is in force."""

    id: str
    facts: Facts
    links: int = 0


def interface_fit(a: End, b: End, *, directed: bool = False, connected: bool = False) -> InterfaceFit:
    """The verdict on a pair, both ways or, `directed`, from `a` to `b` only."""
    ways = [_direction(a, b)] if directed else [_direction(a, b), _direction(b, a)]
    ways.sort(key=lambda way: (VERDICTS.index(way.verdict), way.effort or 0.0))
    best = ways[0]
    verdict, reason, effort = best.verdict, best.reason, best.effort
    if connected:
        verdict, reason, effort = READY, "an integration between the two is in force already", 0.0
    return InterfaceFit(a.id, b.id, verdict, reason, effort, connected, tuple(ways))


def _direction(source: End, target: End) -> Direction:
    if silent := tuple(_silence(end) for end in (source, target) if not end.facts.acts):
        reason = "; ".join(gap.sentence for gap in silent) + _handled_by_both(source.facts, target.facts)
        return Direction(source.id, target.id, UNKNOWN, reason, None, (), silent)
    flows = _flows(source.facts, target.facts)
    between = (*_sign_in(source, target), *_formats(source, target), *_styles(source, target))
    shut = [gap for gap in (*_nothing_passes(source, target, flows), *between) if gap.severity == BLOCKING]
    if shut:
        others = (gap for gap in between if gap not in shut)
        return Direction(source.id, target.id, BLOCKED, shut[0].sentence, None, flows[:_SHOWN], (*shut, *others))
    best, *rest = flows[:_SHOWN]
    gaps = [*_lacking(source, target, best, needed=True), *between]
    gaps += [gap for flow in rest for gap in _lacking(source, target, flow, needed=False)]
    needed = [gap for gap in gaps if gap.needed]
    work = "; ".join(gap.sentence for gap in needed if gap.severity == MAJOR or gap.thing)
    told = work or (
        f"{source.facts.name} tells of “{best.source_words}”, {target.facts.name} takes it in by “{best.target_words}”"
    )
    return Direction(
        source.id,
        target.id,
        NEEDS_WORK if work else READY,
        told,
        MAPPING + sum(gap.effort for gap in needed),
        flows[:_SHOWN],
        (*needed, *(gap for gap in gaps if not gap.needed)),
    )


def _flows(source: Facts, target: Facts) -> tuple[Flow, ...]:
    """Everything that could pass, what lacks least first, a thing both know before what can carry any."""
    if not target.takes_in:
        return ()
    found = []
    for thing in source.gives.keys() & target.takes.keys():
        given, taken = source.gives[thing], target.takes[thing]
        if (given.level, taken.level) == (NAMED, HANDLED):
            continue  # a word in common, and nothing to begin with
        missing = GIVING[given.level] + TAKING[taken.level]
        flow = Flow(thing, GIVEN[given.level], given.words, TAKEN_BY[taken.level], taken.words, missing)
        found.append(((missing, thing == ANYTHING, given.level, thing), flow))
    return tuple(flow for _, flow in sorted(found, key=lambda one: one[0]))


def _nothing_passes(source: End, target: End, flows: Sequence[Flow]) -> Iterable[Gap]:
    if not target.facts.takes_in:
        told = f"{target.facts.name} publishes no operation that takes anything in"
        yield Gap("takes_nothing", BLOCKING, told, target.id, 1.0, needed=True)
    elif not flows:
        gives = first(sorted(source.facts.gives.keys() - {ANYTHING}), 4) or "nothing"
        takes = first(sorted(thing for thing, way in target.facts.takes.items() if not way.level), 4)
        told = f"{source.facts.name} has {gives}; {target.facts.name} takes in {takes}: they share no thing"
        yield Gap("nothing_shared", BLOCKING, told, CONNECTOR, 0.0, needed=True)


def _lacking(source: End, target: End, flow: Flow, *, needed: bool) -> Iterable[Gap]:
    """What one flow waits for. A thing that can be read is polled by the connector until there is an event."""
    what = "something that happens" if flow.thing == ANYTHING else f"the thing “{flow.thing}”"
    if flow.given == "read":
        told = f"{source.facts.name} has no event for {what}: it has to be polled (“{flow.source_words}”)"
        yield Gap("no_event", MINOR, told, CONNECTOR, GIVING[READ], needed, flow.thing)
    elif flow.given == "named":
        told = f"{source.facts.name} neither tells of {what} by an event nor lets it be read"
        yield Gap("no_event", MAJOR, told, source.id, GIVING[NAMED], needed, flow.thing)
    if flow.taken == "handled":
        told = f"{target.facts.name} has no operation that creates or updates {what}"
        yield Gap("no_write", MAJOR, told, target.id, TAKING[HANDLED], needed, flow.thing)


def _sign_in(source: End, target: End) -> Iterable[Gap]:
    ways = [end.facts.auth - {"people"} for end in (source, target)]
    for end, usable in zip((source, target), ways, strict=True):
        if not end.facts.auth:
            told = f"{end.facts.name} does not say how one signs in"
            yield Gap("auth_not_stated", OPEN, told, end.id, 0.0, needed=False)
        elif not usable:
            told = f"{end.facts.name} offers only sign-in for people, which no other system can use"
            yield Gap("auth_for_people", BLOCKING, told, end.id, 1.0, needed=True)
    if all(ways) and not ways[0] & ways[1]:
        mine, theirs = (first(sorted(usable), 3) for usable in ways)
        told = f"one signs in to {source.facts.name} by {mine}, to {target.facts.name} by {theirs}: two ways to keep"
        yield Gap("auth_mismatch", MINOR, told, CONNECTOR, SIGN_IN, needed=True)


def _formats(source: End, target: End) -> Iterable[Gap]:
    mine, theirs = source.facts.formats, target.facts.formats
    if mine and theirs and not mine & theirs:
        told = f"{source.facts.name} speaks {first(sorted(mine), 3)}, {target.facts.name} {first(sorted(theirs), 3)}"
        yield Gap("format_mismatch", MAJOR, told, CONNECTOR, FORMAT, needed=True)


def _styles(source: End, target: End) -> Iterable[Gap]:
    mine, theirs = source.facts.style, target.facts.style
    if mine and theirs and mine != theirs:
        told = f"{source.facts.name} works by {_SPOKEN[mine]}, {target.facts.name} by {_SPOKEN[theirs]}: a gateway is missing"
        yield Gap("style_mismatch", MAJOR, told, CONNECTOR, STYLE, needed=True)


def _silence(end: End) -> Gap:
    code, what = "interface_not_stated", "says nothing about its interface"
    if end.facts.says:
        code, what = "acts_not_stated", "states neither events nor operations"
    seen = f", yet {end.links} integrations with it are in force" if end.links > 1 else ""
    return Gap(code, OPEN, f"{end.facts.name} {what}{seen}", end.id, 0.0, needed=True)


def _handled_by_both(source: Facts, target: Facts) -> str:
    both = sorted((source.gives.keys() & target.gives.keys()) - {ANYTHING})
    return f"; both handle {first(both, 4)}" if both else ""
