"""Which pairs are labelled: drawn by raw facts only, with a seed, before any verdict is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from matchmaker.profiles.schema import Interface, Partner

if TYPE_CHECKING:
    import pandas as pd

STRATA = {"wired": 8, "events": 6, "no events": 6, "described": 6, "any": 4}
"""How many pairs each stratum gives: 30 in all.

wired: some workflow wires one to the other, both state operations; events: both state operations, one or both events;
no events: both state operations, neither events; described: an API description and a product, both state operations; any: any two.
"""


@dataclass(frozen=True)
class Pair:
    """Two rows by key, and the stratum they were drawn for."""

    stratum: str
    a: str
    b: str


def read(folder: Path) -> tuple[list[Partner], list[tuple[str, str]]]:
    """Products and API descriptions as partners with nothing but an interface, and the directed edges of the workflows.

    Keys: `partners/ID` and `apis/SOURCE/KEY`.
    """
    import pandas as pd

    products = pd.read_parquet(folder / "partners.parquet")
    described = pd.read_parquet(folder / "apis.parquet")
    found = [
        Partner(
            id=f"partners/{row['id']}",
            name=str(row["name"]),
            interface=Interface(
                auth=_distinct(row["auth_types"]),
                events=_distinct(row["triggers"]),
                objects=_distinct(row["resources"], row["api_resource_nouns"]),
                operations=_distinct(row["operations"]),
            ),
        )
        for _, row in products.iterrows()
    ]
    taken: set[str] = set()
    for _, row in described.iterrows():
        key = f"apis/{row['source']}/{row['key']}"[:200]
        if key not in taken:
            taken.add(key)
            found.append(Partner(id=key, name=str(row["title"]) or key, interface=_described(row)))
    known = {partner.id for partner in found}
    wired = {
        (f"partners/{a}", f"partners/{b}")
        for edges in pd.read_parquet(folder / "workflows.parquet")["edges"]
        for a, b in edges
        if a != b
    }
    return found, sorted(edge for edge in wired if known.issuperset(edge))


def draw(partners: Sequence[Partner], wired: Sequence[tuple[str, str]], seed: int) -> list[Pair]:
    """Thirty pairs by stratum, no partner twice. Raises ValueError where the data holds too few of a stratum."""
    rng = np.random.default_rng(seed)
    by_id = {partner.id: partner for partner in partners}
    used: set[str] = set()

    def take(stratum: str, proposals: Iterable[tuple[Partner, Partner]]) -> Iterable[Pair]:
        wanted = STRATA[stratum]
        for a, b in proposals:
            if wanted and a.id != b.id and used.isdisjoint((a.id, b.id)) and _belongs(stratum, a, b):
                used.update((a.id, b.id))
                wanted -= 1
                yield Pair(stratum, a.id, b.id)
            if not wanted:
                return
        raise ValueError(f"the data holds too few pairs of the stratum {stratum!r}")

    products = [partner for partner in partners if partner.id.startswith("partners/")]
    apis = [partner for partner in partners if partner.id.startswith("apis/")]

    def at_random(one: Sequence[Partner], other: Sequence[Partner]) -> Iterable[tuple[Partner, Partner]]:
        for _ in range(1_000_000):
            yield one[rng.integers(len(one))], other[rng.integers(len(other))]

    edges = ((by_id[wired[place][0]], by_id[wired[place][1]]) for place in rng.permutation(len(wired)))
    return [
        *take("wired", edges),
        *take("events", at_random(products, products)),
        *take("no events", at_random(products, products)),
        *take("described", at_random(apis, products)),
        *take("any", at_random(products, products)),
    ]


def _belongs(stratum: str, a: Partner, b: Partner) -> bool:
    events = bool(a.interface.events) + bool(b.interface.events)
    if stratum == "any":
        return True
    both = bool(a.interface.operations and b.interface.operations)
    return both and {"events": events > 0, "no events": events == 0}.get(stratum, True)


def told(partner: Partner, most: int = 70) -> str:
    """What a labeller reads of one side."""
    lines = [f"  {partner.name}"]
    for field in ("auth", "events", "operations", "objects"):
        items = getattr(partner.interface, field)
        more = f" … {len(items) - most} more" if len(items) > most else ""
        lines.append(f"    {field}: {' | '.join(item[:70] for item in items[:most])}{more}")
    return "\n".join(lines)


def _described(row: pd.Series) -> Interface:
    return Interface(
        auth=_distinct(row["auth_schemes"]),
        events=_distinct(row["triggers"]),
        objects=_distinct(row["resource_nouns"]),
        operations=_distinct(row["operations"]),
    )


def _distinct(*lists: Iterable[object]) -> tuple[str, ...]:
    texts = (str(item).strip() for items in lists for item in items)
    return tuple(dict.fromkeys(text for text in texts if text))
