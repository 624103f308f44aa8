"""One partner as the engine reads it: what it states, its three facets and where each comes from, and its known relations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matchmaker.matching.confidence import grade
from matchmaker.profiles.facets import build_facets
from matchmaker.results import Profile

if TYPE_CHECKING:
    from matchmaker.fitted import Fitted

STATED, INFERRED, PEERS, NONE = "stated", "inferred", "peers", "none"


def profile_of(fitted: Fitted, row: int) -> Profile:
    """The profile of the partner at `row`."""
    space, partner = fitted.space, fitted.profiles.partner(row)
    facets, told = build_facets(partner), fitted.profiles.shown([row])[0]
    size, complete = float(space.size[row]), float(space.completeness[row])
    inferred = set(told["inferred"])
    return Profile(
        partner=partner.id,
        name=partner.name,
        stated=partner.model_dump(mode="json"),
        facets={
            "audience": _facet(facets.audience, INFERRED if "audience" in inferred else STATED),
            "goals": _facet(told["facet_goals"], PEERS if "goals" in inferred else STATED),
            "capabilities": _facet(facets.capabilities, INFERRED if "capabilities" in inferred else STATED),
        },
        completeness=round(complete, 6),
        confidence=grade(complete),
        size_percentile=None if size != size else round(size, 6),
        relations=_relations(fitted, row),
    )


def _facet(texts: tuple[str, ...] | list[str], source: str) -> dict[str, Any]:
    return {"texts": list(texts), "source": source if texts else NONE}


def _relations(fitted: Fitted, row: int) -> list[dict[str, Any]]:
    """Known relations, by type and name of the other side."""
    ids, names = fitted.space.ids, fitted.profiles.names
    found = [
        {"partner": ids[other], "name": names[other], "type": fact["type"], "status": fact.get("status"), **fact}
        for other, facts in fitted.relations.of(row).items()
        for fact in facts
    ]
    return sorted(found, key=lambda one: (one["type"], one["name"], one["partner"], one["a"]))
