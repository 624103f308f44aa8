"""What a partner's interface lets others do, prepared once a partner: which things it gives, which it takes in, and how."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from matchmaker.gaps import terms
from matchmaker.gaps.terms import ANYTHING
from matchmaker.profiles.schema import Interface

EVENT, READ, NAMED = 0, 1, 2
"""How a thing is given: an event tells of it; it can be read; it is only handled. Lower is better."""
TAKEN, HANDLED = 0, 1
"""Whether a thing is taken in by an operation, or only handled."""
INNER = frozenset("user tag list location folder template category group report search file".split())
"""Things that nearly every product has inside: naming or reading them does not say that others' are wanted there."""


class Way(NamedTuple):
    """How a thing is given or taken: its level, and the partner's own words for it."""

    level: int
    words: str


@dataclass(frozen=True)
class Facts:
    """One partner's interface. gives, takes: thing -> the best way; `ANYTHING` is taken by what can carry any other thing.

    says: whether anything is stated; acts: whether events or operations are, without which nobody can tell what can be done.
    """

    name: str
    gives: Mapping[str, Way]
    takes: Mapping[str, Way]
    auth: frozenset[str]
    formats: frozenset[str]
    style: str | None
    says: bool
    acts: bool

    @property
    def takes_in(self) -> bool:
        """Whether any operation takes anything in."""
        return any(way.level == TAKEN for way in self.takes.values())


def facts(name: str, interface: Interface) -> Facts:
    """Read an interface. Of several words for one thing the first of the best level is kept."""
    gives: dict[str, Way] = {}
    takes: dict[str, Way] = {}
    for text in interface.events:
        _keep(gives, ANYTHING, Way(EVENT, text))
        if (told := terms.event(text)) is not None:
            _give(gives, takes, told, Way(EVENT, text))
    for text in interface.operations:
        for act in terms.operation(text):
            _give(gives, takes, act.thing, Way(READ if act.reads else NAMED, text))
            if act.takes:
                _keep(takes, act.thing, Way(TAKEN, text))
            if act.carries:
                _keep(takes, ANYTHING, Way(TAKEN, text))
    for text in interface.objects:
        if (named := terms.thing(text)) is not None:
            _give(gives, takes, named, Way(NAMED, text))
    return Facts(
        name=name,
        gives=gives,
        takes=takes,
        auth=terms.auth(interface.auth),
        formats=terms.formats(interface.formats),
        style=terms.style(interface.style),
        says=interface != Interface(),
        acts=bool(interface.events or interface.operations),
    )


def _give(gives: dict[str, Way], takes: dict[str, Way], thing: str, way: Way) -> None:
    """Keep that a thing is given, that a carrier could bring it, and that it is handled, unless every product has it inside."""
    for kept in (thing, ANYTHING):
        _keep(gives, kept, way)
    if thing not in INNER:
        _keep(takes, thing, Way(HANDLED, way.words))


def _keep(ways: dict[str, Way], thing: str, way: Way) -> None:
    if thing not in ways or way.level < ways[thing].level:
        ways[thing] = way


def first(words: Iterable[str], most: int) -> str:
    """Words for a sentence: at most `most` of them, and how many more there are."""
    listed = list(words)
    more = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {more} more" if more > 0 else "")
