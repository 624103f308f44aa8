"""The three facets of a partner, as texts to embed: audience, goals, capabilities; and its whole profile.

A facet that is not stated is inferred from the description and marked so. Goals are never inferred from the text that gives
the capabilities: the gain would be zero by construction.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import orjson

from matchmaker.profiles.schema import Partner

MAX_CAPABILITIES, MAX_GOALS, MAX_SENTENCES = 24, 16, 8
_PROFILE_ITEMS = 12
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_NOT_CONTENT = {"id", "as_of", "domain", "domains", "extra"}


@dataclass(frozen=True)
class Facets:
    """Texts of one partner.

    offers: the capabilities as they are embedded, each with the partner's categories: a portal for returns is no wholesale
    portal; summary: name and description, to embed; profile: the whole partner in a paragraph, to embed; wording: the same,
    complete and without repetitions, for terms;
    inferred: names of the facets that were read out of the description.
    """

    audience: tuple[str, ...]
    goals: tuple[str, ...]
    capabilities: tuple[str, ...]
    offers: tuple[str, ...]
    summary: str
    profile: str
    wording: str
    inferred: frozenset[str]


def build_facets(partner: Partner) -> Facets:
    """Facet texts of a partner: at most 24 capabilities, 16 goals (needs count as goals), one or two audience texts."""
    inferred = set()
    audience = tuple(text for text in (partner.audience, _served(partner)) if text)
    if not partner.audience and partner.description:
        inferred.add("audience")
        audience = (partner.description,)
    capabilities = partner.capabilities[:MAX_CAPABILITIES]
    if not capabilities and partner.description:
        inferred.add("capabilities")
        capabilities = tuple(sentence for sentence in _SENTENCE.split(partner.description) if sentence)[:MAX_SENTENCES]
    return Facets(
        audience=audience,
        goals=tuple(dict.fromkeys((*partner.goals, *partner.needs)))[:MAX_GOALS],
        capabilities=tuple(capabilities),
        offers=tuple(_offer(partner, capability) for capability in capabilities),
        summary=". ".join(part for part in (partner.name, partner.description) if part),
        profile=_profile(partner, _PROFILE_ITEMS),
        wording=_wording(partner),
        inferred=frozenset(inferred),
    )


def content_key(partner: Partner) -> str:
    """Digest of all that matching reads, whatever the id: two entries with the same content have the same key."""
    content = partner.model_dump(mode="json", exclude=_NOT_CONTENT)
    return hashlib.blake2b(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def _served(partner: Partner) -> str:
    parts = (
        ("Industries", partner.industries),
        ("customer sizes", partner.company_sizes),
        ("regions", partner.regions),
    )
    return "; ".join(f"{label}: {', '.join(values)}" for label, values in parts if values)


def _offer(partner: Partner, capability: str) -> str:
    return f"{capability} ({', '.join(partner.categories)})" if partner.categories else capability


def _wording(partner: Partner) -> str:
    """Everything a partner says, once: a capability that the description holds word for word is not counted again."""
    said = partner.description.casefold()
    new = tuple(item for item in partner.capabilities if item.casefold() not in said)
    return _profile(partner.model_copy(update={"capabilities": new}), None)


def _profile(partner: Partner, items: int | None) -> str:
    parts = (
        partner.name,
        partner.description,
        partner.audience,
        ", ".join(partner.capabilities[:items]),
        ", ".join(partner.categories),
    )
    return ". ".join(part.rstrip(". ") for part in parts if part)
