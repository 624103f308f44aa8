"""Shapes of answers for the OpenAPI document, taken from the engine's own result classes."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

from pydantic import BaseModel, ConfigDict, create_model

from matchmaker import results


def shape(kind: type, name: str | None = None, *, sparse: bool = False, **more: Any) -> type[BaseModel]:  # noqa: ANN401
    """A model of a result class and `more` fields. sparse: any field may be missing, because clients choose."""
    hints = typing.get_type_hints(kind, vars(results))
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        fields[field.name] = (_known(hint), None if sparse else ...)
    fields |= {key: (hint, None if sparse else ...) for key, hint in more.items()}
    made: type[BaseModel] = create_model(
        name or kind.__name__, __config__=ConfigDict(extra="forbid"), __doc__=kind.__doc__, **fields
    )
    return made


def _known(hint: Any) -> Any:  # noqa: ANN401 - a type, or a form of typing
    """The model of a result class inside a type."""
    if hint is results.SideReport:
        return Side
    if hint is results.Match:
        return Match
    if typing.get_origin(hint) is list:
        return list[_known(typing.get_args(hint)[0])]  # type: ignore[misc]
    return hint


Side = shape(results.SideReport, "Side")
Match = shape(results.Match, sparse=True, recommendation_id=str | None)
Explanation = shape(results.Explanation)
