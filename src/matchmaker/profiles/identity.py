"""Who is who: registrable domains, and probable duplicates, reported with a confidence and never merged."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tldextract import TLDExtract

    from matchmaker.profiles.schema import Partner

_LEGAL = re.compile(
    r"\b(inc|incorporated|llc|ltd|limited|gmbh|ag|corp|corporation|co|company|plc|sa|sas|srl|bv|ab|oy|pty|the)\b"
)
_WORD = re.compile(r"[^\W_]+")
_T = TypeVar("_T")
SURE, NAME_CUTOFF = 0.95, 92.0
_BLOCK_LIMIT = 200
"""A block of more names than this is a common word, not an identity; it is left out to keep the work linear."""


@dataclass(frozen=True)
class Duplicate:
    """Two partners that are probably one. confidence in [0, 1]."""

    a: str
    b: str
    confidence: float
    reason: str


def registrable_domain(value: str | None) -> str | None:
    """`https://www.Shop.example.co.uk/x` -> `example.co.uk`; None when there is no such domain. Never asks the network."""
    if not value or not value.strip():
        return None
    found = _extractor()(value.strip().lower())
    return f"{found.domain}.{found.suffix}" if found.domain and found.suffix else None


def domains_of(partner: Partner) -> tuple[str, ...]:
    """All registrable domains of a partner, sorted."""
    found = {registrable_domain(value) for value in (partner.domain, *partner.domains)}
    return tuple(sorted(domain for domain in found if domain))


def plain_name(name: str) -> str:
    """A name for comparison: lower case, words only, legal forms dropped."""
    bare = _LEGAL.sub(" ", name.lower())
    return " ".join(_WORD.findall(bare)) or " ".join(_WORD.findall(name.lower()))


def probable_duplicates(partners: Sequence[Partner]) -> list[Duplicate]:
    """Pairs that are probably one partner, surest first: the same domain, or names that are nearly equal.

    Names are compared only within blocks that share their first five letters, so that the work grows with the catalogue, not
    with its square.
    """
    found: dict[tuple[str, str], Duplicate] = {}
    for pair in [*_same_domain(partners), *_near_names(partners)]:
        key = (pair.a, pair.b)
        if key not in found or found[key].confidence < pair.confidence:
            found[key] = pair
    return sorted(found.values(), key=lambda pair: (-pair.confidence, pair.a, pair.b))


def _same_domain(partners: Sequence[Partner]) -> Iterable[Duplicate]:
    by_domain: dict[str, list[Partner]] = defaultdict(list)
    for partner in partners:
        for domain in domains_of(partner):
            by_domain[domain].append(partner)
    for domain, members in by_domain.items():
        for one, other in _pairs(members):
            same = plain_name(one.name) == plain_name(other.name)
            yield _duplicate(one, other, SURE if same else 0.6, f"same domain {domain}")


def _near_names(partners: Sequence[Partner]) -> Iterable[Duplicate]:
    from rapidfuzz import fuzz

    blocks: dict[str, list[tuple[Partner, str]]] = defaultdict(list)
    for partner in partners:
        name = plain_name(partner.name)
        blocks[name.replace(" ", "")[:5]].append((partner, name))
    for members in blocks.values():
        for (one, name), (other, other_name) in _pairs(members):
            likeness = fuzz.ratio(name.replace(" ", ""), other_name.replace(" ", ""))
            if likeness >= NAME_CUTOFF:
                apart = domains_of(one) and domains_of(other) and not set(domains_of(one)) & set(domains_of(other))
                yield _duplicate(one, other, (0.5 if apart else 0.85) * likeness / 100, "nearly the same name")


def _pairs(members: Sequence[_T]) -> Iterable[tuple[_T, _T]]:
    if len(members) > _BLOCK_LIMIT:
        return []
    return ((one, other) for place, one in enumerate(members) for other in members[place + 1 :])


def _duplicate(one: Partner, other: Partner, confidence: float, reason: str) -> Duplicate:
    low, high = sorted((one.id, other.id))
    return Duplicate(low, high, round(confidence, 3), reason)


@cache
def _extractor() -> TLDExtract:
    import tldextract

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
