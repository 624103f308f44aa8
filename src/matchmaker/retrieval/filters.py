"""Filters: conditions on partners as a mask over the catalogue, checked before anything is ranked.

    {"category": ["returns"], "region": "europe", "size": {"min": 1000}, "extra.tier": "gold",
     "relation": {"with": ["integration"]}, "exclude": ["shopify"]}

Conditions on different fields must all hold; several values of one field are alternatives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import FilterError
from matchmaker.profiles.schema import SIZE_BANDS
from matchmaker.retrieval.columns import LABELS, Columns, Mask, words_of

Relations = Mapping[int, Sequence[Mapping[str, Any]]]

_ARGUMENT = re.compile(r"^\s*([\w.]+)\s*(>=|<=|=)\s*(.+?)\s*$")
_NEAREST, _ALIKE = 3, 75
"""Labels that are offered at most, and the likeness from which one is, 0 to 100."""
FIELDS = (*LABELS, "size", "size_band", "relation", "include", "exclude", "extra.<field>")


@dataclass(frozen=True)
class Filter:
    """A checked filter."""

    conditions: Mapping[str, Any]

    @classmethod
    def parse(cls, conditions: Mapping[str, Any]) -> Filter:
        """Check field names and kinds of values. Raises FilterError."""
        for name, value in conditions.items():
            if name not in FIELDS and not name.startswith("extra."):
                raise FilterError(f"There is no filter field {name!r}. Fields: {', '.join(FIELDS)}.")
            _CHECKS.get(name, _check_words)(name, value)
        return cls(dict(conditions))

    @classmethod
    def from_arguments(cls, arguments: Sequence[str]) -> Filter:
        """Filter of `field=value`, `field=one,two`, `field>=number` and `field<=number` arguments. Raises FilterError."""
        found: dict[str, Any] = {}
        for argument in arguments:
            name, given = _condition(argument)
            one: Any = given
            before = found.setdefault(name, type(one)())
            if type(before) is not type(one):
                raise FilterError(
                    f"{name!r} is given both as values and as a range, lately in {argument!r}: use one of the two."
                )
            found[name] = {**before, **one} if isinstance(one, dict) else [*before, *one]
        return cls.parse(found)

    def mask(self, columns: Columns, *, relations: Relations | None = None) -> Mask:
        """(n,) bool. relations: known relations of the asking partner by row, for `relation` conditions. Raises FilterError."""
        mask = np.ones(len(columns.ids), dtype=bool)
        for name, value in self.conditions.items():
            mask &= self._one(name, value, columns, relations or {})
        return mask

    def unmet(self, columns: Columns) -> list[str]:
        """A sentence for each label asked for that no partner has, with up to three that it may stand for."""
        told = []
        for name in [one for one in LABELS if one in self.conditions]:
            spellings = columns.words[name].spellings
            lacking = words_of(self.conditions[name]).difference(spelling.lower() for spelling in spellings)
            told += [f"no partner has the {name} {value!r}{_near(value, spellings)}" for value in sorted(lacking)]
        return told

    def _one(self, name: str, value: Any, columns: Columns, relations: Relations) -> Mask:  # noqa: ANN401 - checked by parse
        count = len(columns.ids)
        if name in columns.words:
            return columns.words[name].among(words_of(value), count)
        if name == "size":
            return _between(columns.sizes, value)
        if name in ("include", "exclude"):
            ids = {str(x) for x in (value if isinstance(value, (list, tuple, set)) else [value])}
            named = np.fromiter((one in ids for one in columns.ids), dtype=bool, count=count)
            return named if name == "include" else ~named
        if name == "relation":
            return _related(value, count, relations)
        return _extra(name.removeprefix("extra."), value, columns)


def _near(value: str, spellings: Sequence[str]) -> str:
    from rapidfuzz import fuzz, process

    found = process.extract(
        value, [one.lower() for one in spellings], scorer=fuzz.WRatio, limit=_NEAREST, score_cutoff=_ALIKE
    )
    return f"; near: {', '.join(spellings[place] for _, _, place in found)}" if found else ""


def _condition(argument: str) -> tuple[str, list[str] | dict[str, float]]:
    """Field and values, or field and limit, of one argument."""
    match = _ARGUMENT.match(argument)
    if not match:
        raise FilterError(f"A filter is written field=value, field>=number or field<=number, not {argument!r}.")
    name, mark, value = match.groups()
    if mark == "=" and value[:2] not in (">=", "<="):
        return name, [part.strip() for part in value.split(",") if part.strip()]
    mark, value = (value[:2], value[2:]) if mark == "=" else (mark, value)
    return name, {"min" if mark == ">=" else "max": _limit(value, argument)}


def _limit(value: str, argument: str) -> float:
    try:
        limit = float(value)
    except ValueError:
        limit = float("nan")
    if limit != limit:
        raise FilterError(f"{value.strip()!r} in {argument!r} is not a number.")
    return limit


def _related(value: Mapping[str, Any], count: int, relations: Relations) -> Mask:
    mask = np.ones(count, dtype=bool)
    for mode, types in value.items():
        wanted = words_of(types)
        rows = [row for row, facts in relations.items() if any(fact["type"] in wanted for fact in facts)]
        held = np.zeros(count, dtype=bool)
        held[rows] = True
        mask &= held if mode == "with" else ~held
    return mask


def _extra(name: str, value: Any, columns: Columns) -> Mask:  # noqa: ANN401 - a scalar, a list or a range
    if name not in columns.extra:
        known = ", ".join(sorted(columns.extra)[:30]) or "none"
        raise FilterError(f"No partner has an extra field {name!r}. Extra fields: {known}.")
    words, numbers = columns.extra[name]
    if isinstance(value, Mapping):
        return _between(numbers, value)
    return words.among(words_of(value), len(columns.ids))


def _between(numbers: NDArray[np.float64], limits: Mapping[str, float]) -> Mask:
    with np.errstate(invalid="ignore"):
        return np.asarray((numbers >= limits.get("min", -np.inf)) & (numbers <= limits.get("max", np.inf)))


def _check_words(name: str, value: object) -> None:
    if isinstance(value, Mapping) and name.startswith("extra."):
        _check_range(name, value)
        return
    values = value if isinstance(value, (list, tuple)) else [value]
    if not values or any(isinstance(one, (Mapping, list)) or one is None for one in values):
        raise FilterError(f"Filter {name!r} takes a value or a list of values, not {value!r}.")


def _check_range(name: str, value: object) -> None:
    numbers = isinstance(value, Mapping) and value and set(value) <= {"min", "max"}
    if not numbers or any(isinstance(x, bool) or not isinstance(x, (int, float)) or x != x for x in value.values()):  # type: ignore[attr-defined]
        raise FilterError(f'Filter {name!r} takes a range such as {{"min": 100, "max": 10000}}, not {value!r}.')


def _check_bands(name: str, value: object) -> None:
    _check_words(name, value)
    unknown = words_of(value) - set(SIZE_BANDS)
    if unknown:
        raise FilterError(f"There is no size band {sorted(unknown)[0]!r}. Bands: {', '.join(SIZE_BANDS)}.")


def _check_relation(name: str, value: object) -> None:
    if not isinstance(value, Mapping) or not value or not set(value) <= {"with", "without"}:
        raise FilterError(f'Filter {name!r} takes {{"with": [types]}} or {{"without": [types]}}, not {value!r}.')


_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "size": _check_range,
    "size_band": _check_bands,
    "relation": _check_relation,
}
