"""Partner matchmaking that scores both directions and explains itself. Everything public is here, imported on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matchmaker.config import Config, GoallessWeights, PriorWeights
    from matchmaker.encoders import open_encoder
    from matchmaker.engine import Matchmaker
    from matchmaker.errors import MatchmakerError
    from matchmaker.profiles.catalogue import Catalogue, load_catalogue
    from matchmaker.profiles.openapi import apply_openapi, read_openapi
    from matchmaker.profiles.schema import Interface, Partner, Relation

_HOMES = {
    "Catalogue": "matchmaker.profiles.catalogue",
    "Config": "matchmaker.config",
    "GoallessWeights": "matchmaker.config",
    "Interface": "matchmaker.profiles.schema",
    "Matchmaker": "matchmaker.engine",
    "MatchmakerError": "matchmaker.errors",
    "Partner": "matchmaker.profiles.schema",
    "PriorWeights": "matchmaker.config",
    "Relation": "matchmaker.profiles.schema",
    "apply_openapi": "matchmaker.profiles.openapi",
    "load_catalogue": "matchmaker.profiles.catalogue",
    "open_encoder": "matchmaker.encoders",
    "read_openapi": "matchmaker.profiles.openapi",
}
__version__ = "0.1.0"
__all__ = [
    "Catalogue",
    "Config",
    "GoallessWeights",
    "Interface",
    "Matchmaker",
    "MatchmakerError",
    "Partner",
    "PriorWeights",
    "Relation",
    "apply_openapi",
    "load_catalogue",
    "open_encoder",
    "read_openapi",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public object
    if name not in _HOMES:
        raise AttributeError(f"module 'matchmaker' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
