"""Makes data/sample/synthetic: fictional firms, and their accounts, activity and dated snapshots. Everything here is invented.

python data/sample/make_synthetic.py      (seeded: the same files every time)
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SEED, FIRMS, ACCOUNTS = 20261124, 24, 1200
WORDS = (
    "Amber",
    "Birch",
    "Cobalt",
    "Delta",
    "Ember",
    "Fern",
    "Granite",
    "Harbor",
    "Iris",
    "Juniper",
    "Kestrel",
    "Lumen",
)
TAILS = ("Parcel", "Stock", "Circle", "Reach", "Ledger", "Signal")
KINDS = {
    "returns": (
        "branded returns portal",
        "return label printing",
        "accurate stock of returned goods",
        "email about refunds",
    ),
    "inventory management": (
        "stock sync over channels",
        "reorder proposals",
        "fast warehouse partner",
        "parcel labels",
    ),
    "email and sms": ("email automation", "text campaigns", "delivery events for messages", "loyalty balances"),
    "3pl and fulfilment": ("pick and pack", "two-day delivery", "branded returns portal", "demand forecasts"),
    "loyalty": ("points programme", "referrals", "email automation", "reviews content"),
    "analytics and attribution": (
        "profit dashboards",
        "ad attribution",
        "order data feeds",
        "stock sync over channels",
    ),
}
SEGMENTS = ("apparel", "beauty", "home", "sports")
MONTHS = ("2025-06", "2025-09", "2025-12", "2026-03", "2026-06", "2026-09")
KINDS_OF_ACTIVITY = ("referral", "intro", "co-marketing", "joint-win", "integration-use", "announcement")


def main() -> None:
    """Write the four files."""
    rng = np.random.default_rng(SEED)
    folder = HERE / "synthetic"
    folder.mkdir(exist_ok=True)
    firms = [_firm(number, rng) for number in range(FIRMS)]
    _lines(folder / "partners.jsonl", firms)
    _lines(folder / "snapshots.jsonl", [snapshot for firm in firms for snapshot in _snapshots(firm, rng)])
    _table(folder / "accounts.csv", ("partner", "account", "population", "segment", "date"), _accounts(firms, rng))
    _table(folder / "activity.csv", ("from", "to", "date", "kind", "value", "currency", "note"), _activity(firms, rng))


def _firm(number: int, rng: np.random.Generator) -> dict[str, object]:
    kind = list(KINDS)[number % len(KINDS)]
    first, second, goal, need = KINDS[kind]
    name = f"{WORDS[number % len(WORDS)]} {TAILS[number // len(WORDS) * 3 + number % 3]}"
    segment = SEGMENTS[int(rng.integers(len(SEGMENTS)))]
    slug = "fictional-" + name.lower().replace(" ", "-")
    return {
        "id": slug,
        "name": f"{name} (fictional)",
        "domain": f"{slug.removeprefix('fictional-')}.example",
        "description": f"A fictional firm offering {first} and {second} to {segment} shops. Synthetic: it does not exist.",
        "audience": f"Invented {segment} shops that sell online",
        "goals": [goal],
        "needs": [need],
        "capabilities": [first, second],
        "industries": [segment],
        "regions": ["europe"],
        "company_sizes": ["small"],
        "partner_types": ["technology"],
        "categories": [kind],
        "size_band": "100-1k",
        "as_of": "2026-09",
        "extra": {"synthetic": True},
    }


def _snapshots(firm: dict[str, object], rng: np.random.Generator) -> list[dict[str, object]]:
    """Six dated profiles; half of the firms drift towards a second segment."""
    moving = rng.random() < 0.5
    target = SEGMENTS[int(rng.integers(len(SEGMENTS)))]
    found = []
    for place, month in enumerate(MONTHS):
        audience = firm["audience"]
        if moving and place >= 2:
            audience = (
                f"{audience}, and more and more {target} shops" if place < 4 else f"Mostly invented {target} shops"
            )
        found.append({**firm, "audience": audience, "as_of": month})
    return found


def _accounts(firms: list[dict[str, object]], rng: np.random.Generator) -> list[tuple[object, ...]]:
    """Accounts of three populations; firms of one segment share more of them."""
    home = rng.integers(len(SEGMENTS), size=ACCOUNTS)
    rows = []
    for firm in firms:
        segment = SEGMENTS.index(str(firm["industries"][0]))  # type: ignore[index]
        chance = np.where(home == segment, 0.12, 0.02)
        for account in np.flatnonzero(rng.random(ACCOUNTS) < chance):
            population = ("customer", "customer", "prospect", "opportunity")[int(rng.integers(4))]
            month = MONTHS[int(rng.integers(len(MONTHS)))]
            rows.append((firm["id"], f"synthetic-{account:04d}.example", population, SEGMENTS[home[account]], month))
    return rows


def _activity(firms: list[dict[str, object]], rng: np.random.Generator) -> list[tuple[object, ...]]:
    """A ledger; some announcements are followed by nothing."""
    rows = []
    for _ in range(160):
        a, b = rng.choice(len(firms), size=2, replace=False)
        kind = KINDS_OF_ACTIVITY[int(rng.integers(len(KINDS_OF_ACTIVITY)))]
        value = int(rng.integers(1, 40)) * 500 if kind == "joint-win" else ""
        month = MONTHS[int(rng.integers(len(MONTHS)))]
        day = f"{month}-{int(rng.integers(1, 29)):02d}"
        rows.append((firms[a]["id"], firms[b]["id"], day, kind, value, "EUR" if value else "", "synthetic"))
    return sorted(rows, key=lambda row: (str(row[2]), str(row[0]), str(row[1])))


def _lines(path: Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _table(path: Path, header: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
