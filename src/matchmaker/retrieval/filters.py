"""Filters: conditions on partners as a mask over the catalogue, checked before anything is ranked.

    {"category": ["returns"], "region": "europe", "size": {"min": 1000}, "extra.tier": "gold",
     "relation": {"with": ["integration"]}, "exclude": ["shopify"]}

Conditions on different fields must all hold; several values of one field are alternatives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import FilterError
from matchmaker.profiles.schema import SIZE_BANDS

if TYPE_CHECKING:
    from matchmaker.profiles.schema import Partner

Mask = NDArray[np.bool_]
Relations = Mapping[int, Sequence[Mapping[str, Any]]]

LABELS = {
    "type": "partner_types",
    "category": "categories",
    "region": "regions",
    "industry": "industries",
    "company_size": "company_sizes",
}
_ARGUMENT = re.compile(r"^\s*([\w.]+)\s*(>=|<=|=)\s*(.+?)\s*$")
FIELDS = (*LABELS, "size", "size_band", "relation", "include", "exclude", "extra.<field>")


@dataclass(frozen=True)
class Columns:
    """The partners' fields that filters read, one entry a row."""

    partners: Sequence[Partner]

    @classmethod
    def from_partners(cls, partners: Sequence[Partner]) -> Columns:
        """View of a catalogue in row order."""
        return cls(partners)

    @cached_property
    def sizes(self) -> NDArray[np.float64]:
        """(n,) sizes, NaN where unknown."""
        return np.array([np.nan if partner.size is None else partner.size for partner in self.partners])

    @cached_property
    def extra_fields(self) -> set[str]:
        """Names of all extra fields."""
        return {name for partner in self.partners for name in partner.extra}

    def followed_by(self, more: Sequence[Partner]) -> Columns:
        """These partners, then `more`."""
        found, late = Columns([*self.partners, *more]), Columns(more)
        vars(found)["sizes"] = np.concatenate((self.sizes, late.sizes))
        vars(found)["extra_fields"] = self.extra_fields | late.extra_fields
        return found

    def where(self, test: Callable[[Partner], bool]) -> Mask:
        """Mask of the partners for which `test` holds."""
        return np.fromiter((test(partner) for partner in self.partners), dtype=bool, count=len(self.partners))


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
        mask = np.ones(len(columns.partners), dtype=bool)
        for name, value in self.conditions.items():
            mask &= self._one(name, value, columns, relations or {})
        return mask

    def _one(self, name: str, value: Any, columns: Columns, relations: Relations) -> Mask:  # noqa: ANN401 - checked by parse
        if name in LABELS:
            wanted = _words(value)
            return columns.where(lambda partner: bool(wanted & {x.lower() for x in getattr(partner, LABELS[name])}))
        if name == "size":
            with np.errstate(invalid="ignore"):
                return np.asarray((columns.sizes >= value.get("min", 0)) & (columns.sizes <= value.get("max", np.inf)))
        if name == "size_band":
            return columns.where(lambda partner: (partner.size_band or "") in _words(value))
        if name in ("include", "exclude"):
            ids = {str(x) for x in (value if isinstance(value, (list, tuple, set)) else [value])}
            return columns.where(lambda partner: (partner.id in ids) == (name == "include"))
        if name == "relation":
            return _related(value, len(columns.partners), relations)
        return _extra(name.removeprefix("extra."), value, columns)


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
        wanted = _words(types)
        rows = [row for row, facts in relations.items() if any(fact["type"] in wanted for fact in facts)]
        held = np.zeros(count, dtype=bool)
        held[rows] = True
        mask &= held if mode == "with" else ~held
    return mask


def _extra(name: str, value: Any, columns: Columns) -> Mask:  # noqa: ANN401 - a scalar, a list or a range
    if name not in columns.extra_fields:
        known = ", ".join(sorted(columns.extra_fields)[:30]) or "none"
        raise FilterError(f"No partner has an extra field {name!r}. Extra fields: {known}.")
    if isinstance(value, Mapping):
        low, high = value.get("min", -np.inf), value.get("max", np.inf)
        return columns.where(lambda partner: _in_range(partner.extra.get(name), low, high))
    wanted = _words(value)
    return columns.where(lambda partner: bool(wanted & _words(partner.extra.get(name))))


def _in_range(value: object, low: float, high: float) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high


def _words(value: object) -> set[str]:
    if value is None:
        return set()
    values = value if isinstance(value, (list, tuple, set)) else [value]
    return {_word(one) for one in values}


def _word(value: object) -> str:
    """A value as a word; a whole number is the same word whether it is written 3 or 3.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().lower()


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
    unknown = _words(value) - set(SIZE_BANDS)
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
