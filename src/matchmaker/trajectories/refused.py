"""What is said beside a partner of whose snapshots some were refused: its history is shorter than whoever gave it thinks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.trajectories.packed import Packed

Refused = Mapping[str, Mapping[str, int]]
"""Snapshots that were refused: id of the partner to code (docs/collisions.md) to how many."""
_SAID = {
    "future_date": ("is dated in the future", "are dated in the future"),
    "missing_date": ("has no date", "have no date"),
    "invalid_date": ("has a date that cannot be read", "have a date that cannot be read"),
    "duplicate_snapshot": ("is a second one of its day", "are further ones of a day"),
}
_REST = ("has a cell that cannot be read", "have a cell that cannot be read")


def refusal(name: str, codes: Mapping[str, int] | None) -> str | None:
    """One sentence of what was refused of a partner, the commonest cause first; None where nothing was. codes: how many by code."""
    causes: Counter[tuple[str, str]] = Counter()
    for code, count in (codes or {}).items():
        causes[_SAID.get(code, _REST)] += count
    total = causes.total()
    if not total:
        return None
    head = f"One snapshot of {name} was refused" if total == 1 else f"{total:,} snapshots of {name} were refused"
    if len(causes) > 1:
        return f"{head}: {', '.join(f'{count:,} {said[count > 1]}' for said, count in causes.most_common())}."
    [said] = causes
    return f"{head}: {'it' if total == 1 else 'they'} {said[total > 1]}."


def arrays_of(refused: Refused) -> dict[str, NDArray[Any]]:
    """As plain arrays, by name; none where nothing was refused, so that such a bundle is as it ever was."""
    rows = [
        (partner, code, count) for partner, codes in sorted(refused.items()) for code, count in sorted(codes.items())
    ]
    if not rows:
        return {}
    found: dict[str, NDArray[Any]] = {"refused_counts": np.array([count for *_, count in rows], dtype=np.int64)}
    for place, name in enumerate(("refused_partners", "refused_codes")):
        packed = Packed.of([str(row[place]) for row in rows])
        found[name], found[f"{name}_offsets"] = packed.content, packed.offsets
    return found


def refused_of(arrays: Mapping[str, NDArray[Any]]) -> dict[str, dict[str, int]]:
    """What `arrays_of` gave; nothing of a bundle from before refusals were kept."""
    found: dict[str, dict[str, int]] = {}
    if "refused_counts" not in arrays:
        return found
    partners, codes = (
        Packed(arrays[name], arrays[f"{name}_offsets"]) for name in ("refused_partners", "refused_codes")
    )
    for place, count in enumerate(arrays["refused_counts"].tolist()):
        found.setdefault(partners[place], {})[codes[place]] = count
    return found
