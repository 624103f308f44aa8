"""A world whose motion is known, as files: dated profiles, partnerships that come of motion or of chance, dated accounts."""

import datetime as dt
import hashlib
import json

import numpy as np

from benchmarks.collisions.worlds import WIDTH, world
from matchmaker.matching.ragged import unit

COUNT, DATES, RADIUS = 60, 14, 0.9
HELD = 8.0
"""Unit vectors of places far from the origin keep the distances of the places, but for a factor."""
MADE = world(COUNT, DATES, 0.3, seed=5)
IDS = [f"p{row:02d}" for row in range(COUNT)]


class PlaceEncoder:
    """`stands 3 7` is where partner 3 was seen at date 7; any other text is somewhere of its own."""

    name, fingerprint, dimension = "places", "places-385", WIDTH + 1

    def encode(self, texts, *, progress=None):
        return unit(np.stack([self._one(text) for text in texts]))

    def _one(self, text):
        if text.startswith("stands "):
            _, row, date = text.split()
            return np.append(MADE.values[int(row), int(date)], HELD).astype(np.float32)
        seed = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest())
        return np.random.default_rng(seed).normal(size=self.dimension).astype(np.float32)


def write(folder, *, by_motion):
    """catalogue.jsonl, snapshots.jsonl and relations.csv; the relations are of those who truly come near, or of others."""
    days = [day.item() for day in MADE.dates.astype("datetime64[D]")]
    rows = [
        {"id": one, "name": f"House {row}", "as_of": str(day), "audience": f"stands {row} {date}"}
        for row, one in enumerate(IDS)
        for date, day in enumerate(days)
    ]
    _lines(folder / "snapshots.jsonl", rows)
    last = [{**row, "audience": f"shops of house {row['id']}"} for row in rows if row["as_of"] == str(days[-1])]
    _lines(folder / "catalogue.jsonl", [{key: value for key, value in row.items() if key != "as_of"} for row in last])
    names = IDS if by_motion else [IDS[place] for place in np.random.default_rng(1).permutation(COUNT)]
    told = ["a,b,type,status,announced_on,ended_on"]
    for a, b, begun, ended in _meetings(days):
        told.append(f"{names[a]},{names[b]},partnership,{'ended' if ended else 'active'},{begun},{ended or ''}")
    (folder / "relations.csv").write_text("\n".join(told) + "\n")
    _accounts(folder / "accounts.csv", days)


def _meetings(days):
    """Pairs within the radius, the day since when, and the day until when if it is over: the gap is a parabola of time."""
    found = []
    for a, b in zip(*np.triu_indices(COUNT, 1), strict=True):
        gap, speed = MADE.position[a] - MADE.position[b], MADE.velocity[a] - MADE.velocity[b]
        roots = np.roots([speed @ speed, 2 * gap @ speed, gap @ gap - RADIUS**2])
        if np.isreal(roots).all():
            begun, ended = (days[-1] + dt.timedelta(days=float(one) * 365.25) for one in sorted(roots.real))
            if begun <= days[-1]:
                found.append((int(a), int(b), begun, ended if ended <= days[-1] else None))
    return found


def _accounts(path, days):
    """Every partner gains a customer each month, ever more often the one that all others gain."""
    rng, told = np.random.default_rng(3), ["partner,account,population,segment,date"]
    span = (days[-1] - days[0]).days
    for number, when in enumerate(range(0, span - 30, 15)):
        shared = rng.random() < when / span
        for row, one in enumerate(IDS):
            account = f"{'pool' if shared else one}x{number}.example"
            day = days[0] + dt.timedelta(days=when + row % 15)
            told.append(f"{one},{account},customer,{('small', 'large')[(number + row) % 2]},{day}")
    path.write_text("\n".join(told) + "\n")


def _lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
