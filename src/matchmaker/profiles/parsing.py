"""From a raw cell to a value of the schema, or a `CellError` that says what was expected."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Iterable
from typing import Any

from matchmaker.profiles.schema import SIZE_BANDS

MAX_CELL, MAX_LIST, MAX_DEPTH = 200_000, 2_000, 8
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]|[\ud800-\udfff]")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_DATE = re.compile(r"^(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?(?:[T ].*)?$")
_TRUE, _FALSE = {"true", "yes", "1", "y"}, {"false", "no", "0", "n"}
INTERFACE_LISTS = ("auth", "events", "objects", "operations", "formats")


class CellError(ValueError):
    """A cell that cannot be read. code: issue code; expected: what would have been right."""

    def __init__(self, code: str, expected: str) -> None:
        super().__init__(expected)
        self.code, self.expected = code, expected


def depth(value: object, limit: int = MAX_DEPTH) -> int:
    """How deeply lists and objects are nested, counted to `limit`."""
    level, found = [value], 0
    while level and found <= limit:
        level = [
            item
            for one in level
            if isinstance(one, (list, tuple, dict))
            for item in (one.values() if isinstance(one, dict) else one)
        ]
        found += 1
    return found


def is_blank(value: object) -> bool:
    """Whether a cell says nothing: None, NaN, an empty or white string, an empty list."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    if isinstance(value, str):
        return not value.strip()
    return isinstance(value, (list, tuple, dict, set)) and not value


def well_formed(raw: str) -> str:
    """`raw` with lone surrogates, which no encoding takes, replaced by U+FFFD."""
    return raw if raw.isascii() else _LONE_SURROGATE.sub("\ufffd", raw)


def text(value: object) -> str:
    """One clean string; a list is joined by sentences. Raises CellError on more than 200,000 characters."""
    if is_blank(value):
        return ""
    if isinstance(value, (list, tuple, set, dict)):
        return _joined(value)
    raw = str(value)
    if len(raw) > MAX_CELL:
        raise CellError("cell_too_long", f"at most {MAX_CELL:,} characters")
    return " ".join((raw if raw.isprintable() else _CONTROL.sub(" ", raw)).split())


def _joined(value: list[Any] | tuple[Any, ...] | set[Any] | dict[Any, Any]) -> str:
    """The texts of a list, each said once, as sentences. Raises CellError."""
    if depth(value) > MAX_DEPTH:
        raise CellError("wrong_kind", "text, or a plain list of texts")
    if isinstance(value, dict):
        raise CellError("wrong_kind", "text")
    said = ""
    for part in (text(item).rstrip(".") for item in value):
        if part and part not in said:  # a tagline that the description repeats is said once
            said = f"{said}. {part}" if said else part
    return said


def labels(value: object) -> tuple[str, ...]:
    """A list of distinct clean strings, from a list, a JSON array, or text separated by `;`. A comma never separates."""
    if is_blank(value):
        return ()
    if isinstance(value, str):
        value = _split(value)
    if not isinstance(value, Iterable) or isinstance(value, dict):
        value = [value]
    cleaned = (text(item) for item in value)
    found = tuple(dict.fromkeys(item for item in cleaned if item))
    if len(found) > MAX_LIST:
        raise CellError("list_too_long", f"at most {MAX_LIST:,} items")
    return found


def number(value: object) -> float | None:
    """A finite number; thousands separators are accepted in text. Raises CellError."""
    if is_blank(value):
        return None
    try:
        found = float(value.replace(",", "").strip() if isinstance(value, str) else value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError) as error:
        raise CellError("not_a_number", "a finite number") from error
    if not math.isfinite(found):
        raise CellError("not_a_number", "a finite number")
    return found


def size(value: object) -> tuple[float | None, str | None]:
    """A number of customers, or one of the bands; zero says that nothing is known."""
    if isinstance(value, str) and (band := value.strip().lower().replace(" ", "").replace("–", "-")) in SIZE_BANDS:
        return None, band
    try:
        found = number(value)
    except CellError as error:
        raise CellError("invalid_size", f"a number of customers above 0, or one of {', '.join(SIZE_BANDS)}") from error
    if found is not None and found < 0:
        raise CellError("invalid_size", "a number of customers above 0")
    return found or None, None


def date(value: object) -> dt.date | None:
    """A date from ISO text (YYYY, YYYY-MM and timestamps too) or a date object; a missing month or day is the first."""
    if is_blank(value) or str(value) == "NaT":
        return None
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    match = _DATE.match(str(value).strip().removesuffix(".0"))
    if not match:
        raise CellError("invalid_date", "a date as YYYY-MM-DD, YYYY-MM or YYYY")
    try:
        return dt.date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
    except ValueError as error:
        raise CellError("invalid_date", "a date that exists") from error


def boolean(value: object) -> bool:
    """A yes or no."""
    if is_blank(value):
        return False
    word = str(value).strip().lower().removesuffix(".0")
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise CellError("not_a_boolean", "true or false")


def interface(value: object) -> dict[str, Any]:
    """The fields of an interface from a dict or a JSON object; unknown keys are refused."""
    if is_blank(value):
        return {}
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise CellError("invalid_interface", "a JSON object") from error
    if not isinstance(value, dict):
        raise CellError("invalid_interface", "a JSON object")
    unknown = set(value) - {*INTERFACE_LISTS, "style"}
    if unknown:
        raise CellError(
            "invalid_interface", f"only the keys {', '.join(INTERFACE_LISTS)}, style (not {sorted(unknown)[0]})"
        )
    fields: dict[str, Any] = {key: labels(value.get(key)) for key in INTERFACE_LISTS}
    return {**fields, "style": text(value.get("style")) or None}


def _split(value: str) -> list[Any]:
    if len(value) > MAX_CELL:
        raise CellError("cell_too_long", f"at most {MAX_CELL:,} characters")
    stripped = value.strip()
    if stripped.startswith("["):
        try:
            parsed = json.loads(stripped)
        except (ValueError, RecursionError):
            parsed = None
        if isinstance(parsed, list):
            return parsed
    return stripped.split(";")
