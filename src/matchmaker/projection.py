"""The ecosystem in two dimensions: partners that say alike things of themselves stand near each other.

Whole profiles (whitened, unit) are laid out by t-SNE (van der Maaten and Hinton 2008, JMLR 9) once for every build. Who came or
changed since is drawn at the weighted mean of its nearest drawn neighbours, so that a map does not jump.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import SettingsError
from matchmaker.results import EcosystemMap

if TYPE_CHECKING:
    from matchmaker.fitted import Fitted
    from matchmaker.matching.ragged import Ints

Floats = NDArray[np.float64]
MOST = 2000
"""Partners that are laid out at most: a map of more can neither be read nor be made in seconds."""
NEIGHBOURS = 5
"""Drawn partners whose mean a newcomer is drawn at; and neighbours that trustworthiness looks at."""
_PERPLEXITY, _ROUNDS, _DRAWN, _WIDTH = 30.0, 500, 2.0, 0.2
_FEWEST = 4 * NEIGHBOURS
"""Below so many, who is whose neighbour says nothing about a layout."""
_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Layout:
    """rows: (m,) int64, any first part of them being the largest and others by chance, half and half; xy: (m, 2) in [-1, 1]."""

    rows: Ints
    xy: Floats
    trustworthiness: float | None


def layout(fitted: Fitted) -> Layout:
    """The layout of an ecosystem as it was built: the same for the same partners in any order, on one machine."""
    rows = _sample(fitted, np.arange(len(fitted.space)), MOST)
    ids = fitted.space.ids
    ordered = np.array(sorted(rows.tolist(), key=ids.__getitem__), dtype=np.int64)
    topic = np.asarray(fitted.space.topic[ordered])
    xy = _laid_out(topic)
    at = {row: place for place, row in enumerate(ordered.tolist())}
    return Layout(rows, xy[[at[row] for row in rows.tolist()]], _trustworthiness(topic, xy))


def ecosystem_map(fitted: Fitted, limit: int) -> EcosystemMap:
    """The map of the partners that stand, at most `limit` of them. Raises SettingsError."""
    if not 1 <= limit <= MOST:
        raise SettingsError(f"limit must be between 1 and {MOST:,}, not {limit}.")
    built = fitted.built or fitted
    with _one_at_a_time:
        made = built.layout
    start = len(built.space)
    late = start + np.flatnonzero(fitted.standing[start:])
    kept = fitted.standing[made.rows]
    anchors, xy = made.rows[kept], made.xy[kept]
    if len(late) + len(anchors) > limit:
        late = _sample(fitted, late, max(limit // 2, limit - len(anchors)))
    drawn = anchors[: limit - len(late)]
    rows = np.concatenate((drawn, late))
    places = np.concatenate((xy[: len(drawn)], _beside(fitted, late, anchors, xy)))
    return EcosystemMap(
        partners=_partners(fitted, rows, places, len(drawn)),
        edges=_edges(fitted, rows),
        shown=len(rows),
        total=fitted.count,
        sample=_told(len(rows), len(late), fitted.count),
        trustworthiness=made.trustworthiness,
    )


def _sample(fitted: Fitted, rows: Ints, limit: int) -> Ints:
    """At most `limit` of `rows`: in turn the largest that is left, and one by the digest of its id, whatever the order of rows."""
    ids, size = fitted.space.ids, np.nan_to_num(fitted.space.size[rows].astype(np.float64), nan=-1.0)
    large = [int(rows[at]) for at in sorted(range(len(rows)), key=lambda at: (-size[at], ids[rows[at]]))]
    if limit <= 0:
        return rows[:0]
    drawn = sorted(rows.tolist(), key=lambda row: hashlib.blake2b(ids[row].encode("utf-8", "replace")).digest())
    turns = dict.fromkeys(row for pair in zip(large, drawn, strict=True) for row in pair)
    return np.array(list(turns), dtype=np.int64)[:limit]


def _laid_out(topic: NDArray[np.float32]) -> Floats:
    """Places (n, 2) of whole profiles (n, d), the farthest coordinate being 1; on a circle where they cannot be told apart."""
    count, main = len(topic), topic[:, :2].astype(np.float64)
    if len(np.unique(main, axis=0)) < 4:
        angles = 2.0 * np.pi * np.arange(count) / max(count, 1)
        return np.stack((np.cos(angles), np.sin(angles)), axis=1)
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    # Whitened profiles have no axis that outweighs the others: from a start in one point, or strongly drawn together, the last
    # digit decides where everybody ends. The two main axes at nearly full width, gently drawn together, lead to the same map.
    layouts = TSNE(
        perplexity=min(_PERPLEXITY, (count - 1) / 3.0),
        init=(main / max(float(main.std(axis=0).max()), 1e-12) * np.sqrt(count) * _WIDTH).astype(np.float32),
        early_exaggeration=_DRAWN,
        learning_rate=max(count / 10.0, 10.0),
        max_iter=_ROUNDS,
        random_state=0,
    )
    with threadpool_limits(limits=1, user_api="openmp"):  # sums in one order
        found = layouts.fit_transform(topic).astype(np.float64)
    centred = found - found.mean(axis=0)
    return np.asarray(centred / max(float(np.abs(centred).max()), 1e-12))


def _trustworthiness(topic: NDArray[np.float32], xy: Floats) -> float | None:
    """How far neighbours on the map are neighbours in truth, in [0, 1] (Venna and Kaski 2001, ICANN); None for few partners."""
    if len(topic) < _FEWEST:
        return None
    from sklearn.manifold import trustworthiness

    return round(float(trustworthiness(topic, xy, n_neighbors=NEIGHBOURS)), 4)


def _beside(fitted: Fitted, late: Ints, anchors: Ints, xy: Floats) -> Floats:
    """Places (l, 2) of newcomers: the mean of their nearest anchors, weighed by cosine; the middle where they are like nobody."""
    if not len(late) or not len(anchors):
        return np.zeros((len(late), 2))
    near = np.asarray(fitted.space.topic[late]) @ np.asarray(fitted.space.topic[anchors]).T
    best = np.argsort(-near, axis=1, kind="stable")[:, :NEIGHBOURS]
    weights = np.maximum(np.take_along_axis(near, best, axis=1), 0.0)[:, :, None].astype(np.float64)
    return np.asarray((weights * xy[best]).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-12))


def _partners(fitted: Fitted, rows: Ints, places: Floats, settled: int) -> list[dict[str, Any]]:
    space = fitted.space
    kinds, size, lead = space.labels["categories"], space.size[rows].tolist(), space.labels["categories"].leading[rows]
    shown = fitted.profiles.shown(rows.tolist())
    return [
        {
            "partner": space.ids[row],
            "name": plain["name"],
            "x": x,
            "y": y,
            "category": None if lead[place] < 0 else kinds.labels[lead[place]],
            "size": None if size[place] != size[place] else round(size[place], 6),
            "size_band": plain["size_band"],
            "placed": place >= settled,
        }
        for place, (row, (x, y), plain) in enumerate(
            zip(rows.tolist(), np.round(places, 4).tolist(), shown, strict=True)
        )
    ]


def _edges(fitted: Fitted, rows: Sequence[int] | Ints) -> list[dict[str, Any]]:
    """Known relations among the drawn partners."""
    ids, known = fitted.space.ids, fitted.relations
    drawn = np.zeros(len(fitted.space), dtype=bool)
    drawn[rows] = True
    numbers = np.flatnonzero(drawn[known.a] & drawn[known.b])
    found = ((ids[known.a[number]], ids[known.b[number]], known.facts[number]) for number in numbers)
    return [{"a": a, "b": b, "type": fact["type"], "status": fact.get("status")} for a, b, fact in found]


def _told(shown: int, late: int, total: int) -> str:
    """What is drawn, in words."""
    if shown == total:
        return f"all {total:,} partners"
    since = f"{late:,} that came or changed since the build, and " if late else ""
    return f"{shown:,} of {total:,} partners: {since}the largest and others by chance, half and half, the same at every call"
