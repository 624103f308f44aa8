"""The resource `matchmaker://ecosystem`: what the server answers from."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from matchmaker.asking import MOTIONS
from matchmaker.matching.fit_type import FIT_TYPES
from matchmaker.retrieval.filters import FIELDS
from matchmaker_service.mcp.answers import caution

if TYPE_CHECKING:
    from matchmaker import Matchmaker

URI = "matchmaker://ecosystem"
_COMMONEST = 30


def ecosystem(engine: Matchmaker) -> dict[str, Any]:
    """Counts, model version, encoder, basis, and the words that filters and options take."""
    fitted = engine.fitted
    categories = fitted.columns.words["category"].counted(fitted.standing)
    return {
        "partners": fitted.count,
        "relations": dict(Counter(fact["type"] for fact in fitted.relations.facts).most_common()),
        "model_version": fitted.version,
        "encoder": fitted.encoder,
        "encoder_fingerprint": fitted.fingerprint,
        "catalogue": fitted.catalogue,
        "basis": engine.basis,
        "fit_types": list(FIT_TYPES),
        "motions": list(MOTIONS),
        "filter_fields": list(FIELDS),
        "categories": dict(categories.most_common(_COMMONEST)),
        "categories_total": len(categories),
        "notes": caution(engine.basis),
    }
