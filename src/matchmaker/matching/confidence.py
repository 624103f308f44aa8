"""How far a profile can be relied on: the share of it that was stated rather than inferred or left open."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matchmaker.profiles.facets import Facets
    from matchmaker.profiles.schema import Partner

_PARTS = 8


def completeness(partner: Partner, facets: Facets) -> float:
    """Stated share of eight parts, in [0, 1]: three facets, a description of a sentence, and five further kinds of fact.

    The facets count only when stated; regions, customer sizes or industries count as one part, interface and size as one each.
    """
    parts = (
        "audience" not in facets.inferred and bool(facets.audience),
        bool(facets.goals),
        "capabilities" not in facets.inferred and bool(facets.capabilities),
        len(partner.description) >= 40,
        bool(partner.categories),
        bool(partner.regions or partner.company_sizes or partner.industries),
        bool(partner.interface.objects or partner.interface.operations or partner.integrations),
        partner.size is not None,
    )
    return sum(parts) / _PARTS


def grade(share: float) -> str:
    """`high` from 3/4, `medium` from 3/8, else `low`."""
    if share >= 0.75:
        return "high"
    return "medium" if share >= 0.375 else "low"
