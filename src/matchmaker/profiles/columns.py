"""Which source column feeds which field: guessed for well-known names, given for the rest, always shown."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matchmaker.errors import ColumnError, SettingsError

FIELDS: dict[str, tuple[str, ...]] = {
    "partners": (
        "id", "name", "domain", "domains", "description", "audience", "goals", "needs", "capabilities", "industries", "regions",
        "company_sizes", "partner_types", "categories", "integrations", "interface", "interface.auth", "interface.events",
        "interface.objects", "interface.operations", "interface.formats", "interface.style", "size", "size_band", "as_of",
    ),
    "relations": (
        "a", "b", "type", "status", "directed", "announced_on", "started_on", "ended_on", "observed_at", "weight", "source",
    ),
    "accounts": ("partner", "account", "population", "segment", "value", "currency", "date"),
    "demand": ("a", "b", "capability", "count", "date", "source"),
}  # fmt: skip

# The names that people give these columns, in the order in which they are preferred.
_KNOWN: dict[str, dict[str, tuple[str, ...]]] = {
    "partners": {
        "id": ("id", "partner_id", "slug", "key", "uuid"),
        "name": ("name", "company", "company_name", "partner", "partner_name", "title", "vendor", "app"),
        "domain": ("domain", "website", "url", "homepage", "homepage_url", "website_url", "site"),
        "domains": ("domains", "other_domains"),
        "description": ("description", "about", "summary", "overview", "tagline", "short_description"),
        "audience": (
            "audience",
            "who_we_serve",
            "who_they_serve",
            "target_customers",
            "target_audience",
            "target_market",
            "ideal_customer",
            "icp",
            "customers_served",
        ),
        "goals": ("goals", "partner_goals", "objectives", "looking_for", "what_we_want", "what_they_want", "wants"),
        "needs": ("needs", "gaps", "wanted", "requirements", "what_we_need", "what_they_need"),
        "capabilities": (
            "capabilities",
            "features",
            "key_benefits",
            "services",
            "products",
            "offering",
            "what_we_offer",
            "what_they_offer",
        ),
        "industries": ("industries", "industry", "verticals", "vertical"),
        "regions": ("regions", "region", "geography", "countries", "markets"),
        "company_sizes": ("company_sizes", "customer_size", "customer_sizes", "company_size", "segments_served"),
        "partner_types": ("partner_types", "partner_type", "types"),
        "categories": ("categories", "category", "tags", "segments"),
        "integrations": ("integrations", "integrates_with", "connectors", "works_with"),
        "interface": ("interface", "api"),
        "interface.auth": ("auth", "auth_types", "authentication"),
        "interface.events": ("events", "webhooks"),
        "interface.objects": ("objects",),
        "size": ("size", "customers", "customer_count", "number_of_customers", "reach", "installs", "reviews_count"),
        "size_band": ("size_band",),
        "as_of": ("as_of", "snapshot", "snapshot_date", "updated_at", "month"),
    },
    "relations": {
        "a": ("a", "from", "source_partner", "partner_a", "left"),
        "b": ("b", "to", "target_partner", "partner_b", "right"),
        "type": ("type", "relation", "relation_type", "kind"),
    },
    "accounts": {
        "partner": ("partner", "partner_id", "vendor", "app"),
        "account": ("account", "account_domain", "customer", "customer_domain", "company_domain"),
        "date": ("date", "as_of", "since"),
    },
    "demand": {
        "a": ("a", "partner", "partner_id", "from"),
        "b": ("b", "wanted", "to", "integration"),
        "count": ("count", "requests", "votes", "number"),
    },
}
REQUIRED = {
    "partners": ("name",), "relations": ("a", "b", "type"), "accounts": ("partner", "account"), "demand": ("a", "count"),
}  # fmt: skip
_JOINED = {"description": ("tagline", "short_description")}
"""Fields to whose first source a further well-known column is joined when both are there."""


@dataclass(frozen=True)
class ColumnMapping:
    """Field -> source columns, with the fields that were given rather than guessed."""

    sources: Mapping[str, tuple[str, ...]]
    given: frozenset[str] = frozenset()

    def describe(self) -> list[tuple[str, str, str]]:
        """(field, source columns, "given" or "guessed"), in field order: what the CLI always shows."""
        return [
            (name, ", ".join(columns), "given" if name in self.given else "guessed")
            for name, columns in self.sources.items()
        ]

    def used(self) -> set[str]:
        """All source columns that feed a field."""
        return {column for columns in self.sources.values() for column in columns}


def map_columns(
    columns: Sequence[str],
    table: str,
    given: Mapping[str, str | Sequence[str]] | None = None,
    *,
    file: str = "the table",
) -> ColumnMapping:
    """Map the columns of a table; what is given wins over what is guessed. Raises ColumnError and SettingsError."""
    explicit = {name: _listed(value) for name, value in (given or {}).items()}
    unknown = [name for name in explicit if name not in FIELDS[table]]
    if unknown:
        raise SettingsError(f"{unknown[0]!r} is no field of {table}. Fields: {', '.join(FIELDS[table])}.")
    for name, wanted in explicit.items():
        for column in wanted:
            if column not in columns:
                raise ColumnError(f"{file} has no column {column!r} (mapped to {name}).{_near(column, columns, table)}")
    taken = {column for wanted in explicit.values() for column in wanted}
    guessed = _guess([column for column in columns if column not in taken], table)
    sources = {name: explicit.get(name) or guessed.get(name, ()) for name in FIELDS[table]}
    found = {name: columns_ for name, columns_ in sources.items() if columns_}
    for name in REQUIRED[table]:
        if name not in found and not (name == "name" and "id" in found):
            how = "--map" if table == "partners" else f"[{table}] in a --map-file:"
            raise ColumnError(
                f"{file} has no column for {name!r}, which {table} need.{_near(name, columns, table)} "
                f'Map one with {how} {name}="Your column".'
            )
    return ColumnMapping(found, frozenset(explicit))


def parse_map_args(arguments: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """`field=Column` or `field=One,Two` arguments as a mapping. Raises SettingsError."""
    mapping: dict[str, tuple[str, ...]] = {}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        columns = tuple(part.strip() for part in value.split(",") if part.strip())
        if not equals or not name.strip() or not columns:
            raise SettingsError(f'A mapping is written field="Column" or field="One,Two", not {argument!r}.')
        mapping[name.strip()] = columns
    return mapping


def read_map_toml(path: Path | str) -> dict[str, dict[str, tuple[str, ...]]]:
    """Mappings from a TOML file with the tables [partners], [relations], [accounts], [demand]. Raises SettingsError."""
    try:
        content: dict[str, Any] = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as a TOML mapping: {error}.") from error
    unknown = set(content) - set(FIELDS)
    if unknown:
        raise SettingsError(
            f"{path} has a table [{sorted(unknown)[0]}]. Known: {', '.join(f'[{name}]' for name in FIELDS)}."
        )
    for table, mapping in content.items():
        if not isinstance(mapping, dict):
            raise SettingsError(f'{path} must hold {table} as a table: [{table}], then lines of field = "Your column".')
        for name, value in mapping.items():
            if not value or not all(
                isinstance(column, str) for column in (value if isinstance(value, list) else [value])
            ):
                raise SettingsError(f"{path} maps [{table}] {name} to {value!r}, not to a column or a list of columns.")
    return {table: {name: _listed(value) for name, value in mapping.items()} for table, mapping in content.items()}


def _guess(columns: Sequence[str], table: str) -> dict[str, tuple[str, ...]]:
    column: str | None
    by_key: dict[str, str] = {}
    for there in columns:
        by_key.setdefault(_key(there), there)
    found: dict[str, tuple[str, ...]] = {}
    used: set[str] = set()
    for name in FIELDS[table]:
        for known in _KNOWN[table].get(name, (name,)):
            column = by_key.get(_key(known))
            if column is not None and column not in used:
                found[name] = (column,)
                used.add(column)
                break
        for more in _JOINED.get(name, ()) if name in found else ():
            column = by_key.get(_key(more))
            if column is not None and column not in used:
                found[name] = (*found[name], column)
                used.add(column)
    return found


def _key(column: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", column.lower())


def _listed(value: str | Sequence[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _near(wanted: str, columns: Sequence[str], table: str) -> str:
    if table == "accounts":  # without a header line the names would be the first account, in plain text
        return f" It has {len(columns)} columns of other names; is its header line missing?"
    from rapidfuzz import fuzz, process

    near = process.extractOne(
        wanted.lower(), [column.lower() for column in columns], scorer=fuzz.WRatio, score_cutoff=70
    )
    hint = f" Did you mean {columns[near[2]]!r}?" if near else ""
    more = f" and {len(columns) - 40} more" if len(columns) > 40 else ""
    return f"{hint} Columns there: {', '.join(columns[:40])}{more}."
