"""Makes data/sample/synthetic: fictional firms, with accounts, activity, counted demand and dated snapshots. All is invented.

python data/sample/make_synthetic.py      (seeded: the same files every time)
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

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
KINDS: dict[str, dict[str, Any]] = {
    "returns": {
        "offers": ("branded returns portal", "return label printing"),
        "goal": "accurate stock of returned goods",
        "need": "email about refunds",
        "own": (
            ("exchanges for another size", "more shops in France"),
            ("drop-off lockers", "a carrier for bulky returns"),
            ("repair instead of refund", "resale of returned goods"),
            ("fraud checks on refunds", "data on why goods come back"),
        ),
        "interface": {
            "auth": ["oauth2"],
            "events": ["return.created", "refund.issued"],
            "operations": ["List returns", "Create a return"],
        },
    },
    "inventory management": {
        "offers": ("stock sync over channels", "reorder proposals"),
        "goal": "fast warehouse partner",
        "need": "parcel labels",
        "own": (
            ("counts by barcode", "bundles that agencies resell"),
            ("supplier orders", "shops that outgrow spreadsheets"),
            ("batch and expiry dates", "a link to cash registers"),
            ("spare part lists", "buyers from industry"),
        ),
        "interface": {
            "auth": ["api_key"],
            "events": ["inventory.updated"],
            "operations": ["List stock levels", "Update an inventory level", "Create a purchase order"],
        },
    },
    "email and sms": {
        "offers": ("email automation", "text campaigns"),
        "goal": "delivery events for messages",
        "need": "loyalty balances",
        "own": (
            ("sign-up forms", "agencies that run campaigns"),
            ("welcome series", "quiz answers about taste"),
            ("product recommendations", "product photos for emails"),
            ("chat messages", "creators who recommend shops"),
        ),
        "interface": {
            "auth": ["oauth2"],
            "events": ["contact.created"],
            "operations": ["Send an email", "Send a text message", "Create a contact"],
        },
    },
    "3pl and fulfilment": {
        "offers": ("pick and pack", "two-day delivery"),
        "goal": "branded returns portal",
        "need": "demand forecasts",
        "own": (
            ("gift wrapping", "shops that sell in several countries"),
            ("bulky goods by two people", "furniture brands"),
            ("temperature control", "beauty brands with samples"),
            ("kitting of sets", "clubs that order for teams"),
        ),
        "interface": {
            "auth": ["api_key"],
            "events": ["shipment.delivered"],
            "operations": ["Create a shipment", "List stock levels"],
        },
    },
    "loyalty": {
        "offers": ("points programme", "referrals"),
        "goal": "email automation",
        "need": "reviews content",
        "own": (
            ("gift cards", "wallet passes on phones"),
            ("store credit", "referrals from happy buyers"),
            ("paid memberships", "shops with cash registers"),
            ("challenges and badges", "communities of fans"),
        ),
        "interface": {"auth": ["oauth2"], "operations": ["List customers", "Create a customer", "Create a coupon"]},
    },
    # Nothing is stated of an interface, as of many firms.
    "analytics and attribution": {
        "offers": ("profit dashboards", "ad attribution"),
        "goal": "order data feeds",
        "need": "stock sync over channels",
        "own": (
            ("cohort reports", "agencies that report to clients"),
            ("stock forecasts", "cost data from carriers"),
            ("survey after purchase", "panels of shoppers"),
            ("creator reports", "sales data of creators"),
        ),
    },
}
# Whom a firm of each segment serves, the movers below aside: one each, in the order of the firms.
AUDIENCES = {
    "apparel": (
        "subscription boxes with clothes",
        "jewellery makers",
        "watch and jewellery dealers",
        "shoe brands",
        "wedding dress makers",
        "workwear dealers",
    ),
    "beauty": ("skin care brands", "perfume shops", "skin care and make-up brands", "hair salons that sell products"),
    "home": (
        "music instrument dealers",
        "furniture shops with bulky returns",
        "candle and decoration makers",
        "candle and gift shops",
        "pet supply shops",
        "book and toy shops",
    ),
    "sports": ("fitness equipment brands", "team wear makers for clubs"),
}
SEGMENTS = tuple(AUDIENCES)
MONTHS = ("2025-06", "2025-09", "2025-12", "2026-03", "2026-06", "2026-09")
KINDS_OF_ACTIVITY = ("referral", "intro", "co-marketing", "joint-win", "integration-use", "announcement")

# Who moves, and whom it serves in each of MONTHS; nobody else changes a word. The first two come to serve the same shops, the
# next two as well, and come to offer the same besides; the last two part.
MOVING = {
    "Granite Parcel": (
        "candle makers",
        "candle and lamp makers",
        "candle and lamp shops",
        "candle, lamp and chair shops",
        "lamp and decoration shops",
        "decoration and furniture shops",
    ),
    "Juniper Parcel": (
        "garden shops",
        "garden shops, some with benches",
        "garden and patio shops with tables",
        "garden shops, some with furniture",
        "garden and furniture shops",
        "furniture and garden shops",
    ),
    "Cobalt Circle": (
        "children's clothes shops",
        "children's clothes shops with repeat orders",
        "children's clothes shops, some by subscription",
        "children's clothes shops and subscription boxes",
        "subscription boxes with children's clothes",
        "subscription boxes, some with children's clothes",
    ),
    "Kestrel Stock": (
        "outdoor gear shops",
        "outdoor gear and clothes shops",
        "outdoor gear shops, some by subscription",
        "outdoor gear shops, some with subscription boxes",
        "subscription boxes with outdoor gear",
        "subscription boxes, some with outdoor clothes",
    ),
    "Birch Stock": (
        "sports shops that sell online",
        "sports shops and sports clubs that order online",
        "sports shops, clubs and gyms that order online",
        "gyms and clubs with canteens that order food",
        "canteens of gyms and clubs that order food",
        "canteens and caterers that order food, some of gyms",
    ),
    "Birch Ledger": (
        "sports shops that sell online",
        "sports and bicycle shops that sell online",
        "bicycle and sports shops that sell online",
        "bicycle and motorcycle workshops that order spare parts",
        "bicycle and motorcycle workshops that order spare parts",
        "motorcycle workshops that order spare parts, some for bicycles",
    ),
}
EXTENDING = {
    "Cobalt Circle": (
        ("email automation", "text campaigns", "sign-up forms"),
        ("email automation", "text campaigns", "sign-up forms", "birthday vouchers"),
        ("email automation", "text campaigns", "birthday vouchers", "points by email"),
        ("email automation", "text campaigns", "points by email", "rewards for repeat orders"),
        ("email automation", "points by email", "points programme", "rewards for repeat orders"),
        ("email automation", "points programme", "store credit", "rewards for repeat orders"),
    ),
    "Kestrel Stock": (
        ("points programme", "referrals", "store credit"),
        ("points programme", "referrals", "store credit", "email about points"),
        ("points programme", "referrals", "store credit", "email about points", "rewards for repeat orders"),
        ("points programme", "store credit", "email about points", "rewards for repeat orders"),
        ("points programme", "store credit", "email about points", "email automation", "rewards for repeat orders"),
        ("points programme", "store credit", "email automation", "text campaigns", "rewards for repeat orders"),
    ),
}
# What customers of a firm asked it for: another firm, or a capability of any.
DEMAND = (
    ("Granite Parcel", "Iris Circle", "", 14, "2026-06", "requests"),
    ("Granite Parcel", "Birch Stock", "", 3, "2026-06", "requests"),
    ("Granite Parcel", "", "pick and pack", 6, "2026-03", "requests"),
    ("Amber Parcel", "Cobalt Circle", "", 9, "2026-06", "requests"),
    ("Amber Parcel", "Birch Stock", "", 4, "2026-03", "lost deals"),
    ("Delta Parcel", "Iris Circle", "", 7, "2026-06", "requests"),
    ("Delta Parcel", "Birch Stock", "", 5, "2026-03", "workflows"),
    ("Ember Stock", "Iris Circle", "", 11, "2026-06", "requests"),
    ("Harbor Stock", "Juniper Parcel", "", 4, "2025-12", "requests"),
    ("Lumen Circle", "", "stock sync over channels", 5, "2026-03", "lost deals"),
)


def main(folder: Path = HERE / "synthetic") -> None:
    """Write the five files."""
    folder.mkdir(exist_ok=True)
    firms = _firms(np.random.default_rng(SEED))
    _lines(folder / "partners.jsonl", [_as_of(firm, len(MONTHS) - 1) for firm in firms])
    _lines(folder / "snapshots.jsonl", [_as_of(firm, place) for firm in firms for place in range(len(MONTHS))])
    accounts, activity = (np.random.default_rng((SEED, number)) for number in (1, 2))
    _table(folder / "accounts.csv", ("partner", "account", "population", "segment", "date"), _accounts(firms, accounts))
    _table(
        folder / "activity.csv", ("from", "to", "date", "kind", "value", "currency", "note"), _activity(firms, activity)
    )
    _table(folder / "demand.csv", ("a", "b", "capability", "count", "date", "source"), _demand())


def _firms(rng: np.random.Generator) -> list[dict[str, Any]]:
    """All firms as they stand still: what moves is put in for each month."""
    left = {segment: iter(audiences) for segment, audiences in AUDIENCES.items()}
    found = []
    for number in range(FIRMS):
        name = f"{WORDS[number % len(WORDS)]} {TAILS[number // len(WORDS) * 3 + number % 3]}"
        segment = SEGMENTS[int(rng.integers(len(SEGMENTS)))]
        found.append(_firm(number, name, segment, "" if name in MOVING else next(left[segment])))
    return found


def _firm(number: int, name: str, segment: str, audience: str) -> dict[str, Any]:
    kind = list(KINDS)[number % len(KINDS)]
    about = KINDS[kind]
    capability, goal = about["own"][number // len(KINDS)]
    slug, offers = _id(name), " and ".join(about["offers"])
    return {
        "id": slug,
        "name": f"{name} (fictional)",
        "domain": f"{slug.removeprefix('fictional-')}.example",
        "description": f"A fictional firm offering {offers} to {segment} shops. Synthetic: it does not exist.",
        "audience": f"Invented {audience}",
        "goals": [about["goal"], goal],
        "needs": [about["need"]],
        "capabilities": [*about["offers"], capability],
        "industries": [segment],
        "regions": ["europe"],
        "company_sizes": ["small"],
        "partner_types": ["technology"],
        "categories": [kind],
        **({"interface": about["interface"]} if "interface" in about else {}),
        "size_band": "100-1k",
        "extra": {"synthetic": True},
    }


def _as_of(firm: dict[str, Any], place: int) -> dict[str, Any]:
    """A firm's profile in the month of this number."""
    name = str(firm["name"]).removesuffix(" (fictional)")
    moved: dict[str, Any] = {"as_of": MONTHS[place]}
    if name in MOVING:
        moved["audience"] = f"Invented {MOVING[name][place]}"
    if name in EXTENDING:
        moved["capabilities"] = list(EXTENDING[name][place])
    return {**firm, **moved}


def _id(name: str) -> str:
    return "fictional-" + name.lower().replace(" ", "-")


def _accounts(firms: list[dict[str, Any]], rng: np.random.Generator) -> list[tuple[object, ...]]:
    """Accounts of three populations; firms of one segment share more of them."""
    home = rng.integers(len(SEGMENTS), size=ACCOUNTS)
    rows: list[tuple[object, ...]] = []
    for firm in firms:
        segment = SEGMENTS.index(str(firm["industries"][0]))
        chance = np.where(home == segment, 0.12, 0.02)
        for account in np.flatnonzero(rng.random(ACCOUNTS) < chance):
            population = ("customer", "customer", "prospect", "opportunity")[int(rng.integers(4))]
            month = MONTHS[int(rng.integers(len(MONTHS)))]
            rows.append((firm["id"], f"synthetic-{account:04d}.example", population, SEGMENTS[home[account]], month))
    return rows


def _activity(firms: list[dict[str, Any]], rng: np.random.Generator) -> list[tuple[object, ...]]:
    """A ledger; some announcements are followed by nothing."""
    rows: list[tuple[object, ...]] = []
    for _ in range(160):
        a, b = rng.choice(len(firms), size=2, replace=False)
        kind = KINDS_OF_ACTIVITY[int(rng.integers(len(KINDS_OF_ACTIVITY)))]
        value = int(rng.integers(1, 40)) * 500 if kind == "joint-win" else ""
        month = MONTHS[int(rng.integers(len(MONTHS)))]
        day = f"{month}-{int(rng.integers(1, 29)):02d}"
        rows.append((firms[a]["id"], firms[b]["id"], day, kind, value, "EUR" if value else "", "synthetic"))
    return sorted(rows, key=lambda row: (str(row[2]), str(row[0]), str(row[1])))


def _demand() -> list[tuple[object, ...]]:
    return [(_id(a), _id(b) if b else "", *rest) for a, b, *rest in DEMAND]


def _lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _table(path: Path, header: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
