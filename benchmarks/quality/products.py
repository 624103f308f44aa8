"""The saas products as the tables beside the rankings read them: catalogue rows, texts, links, and the space of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.quality.saas import EXTRA, MAPPING, count_links

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.quality.ours import _World

LABELS = ("flow", "co-use")


@dataclass(frozen=True)
class Products:
    """The catalogue and what happens in it; ids outside the catalogue and products with themselves are left out.

    Attributes:
        frame: one row a product, with the columns that the engine may see.
        links: label to undirected links (m, 2) in rows of `frame`, sorted, and in how many workflows each stands (m,).
        edges: directed (e, 2), source and sink, each once, and in how many workflows each stands (e,).
        stated: (s, 2) stated alternatives, undirected, sorted.

    """

    frame: pd.DataFrame
    links: dict[str, tuple[np.ndarray, np.ndarray]]
    edges: tuple[np.ndarray, np.ndarray]
    stated: np.ndarray

    @property
    def texts(self) -> list[str]:
        """Name and description of every product."""
        return (self.frame["name"] + ". " + self.frame["description"].fillna("")).tolist()

    @property
    def capabilities(self) -> list[str]:
        """What every product offers, in one text; empty where it lists nothing."""
        columns = [self.frame[column] for column in MAPPING["capabilities"]]
        return [", ".join(item for part in parts for item in part) for parts in zip(*columns, strict=True)]


@cache
def products(folder: Path) -> Products:
    """Read the folder of the saas data."""
    import pandas as pd

    columns = sorted({c for used in MAPPING.values() for c in used} | set(EXTRA))
    frame = pd.read_parquet(folder / "partners.parquet")[columns]
    workflows = pd.read_parquet(folder / "workflows.parquet")
    stated = pd.read_parquet(folder / "alternatives.parquet")
    row_of = {key: row for row, key in enumerate(frame["id"])}
    wired = [[(a, b) for a, b in edges] for edges in workflows["edges"]]
    directed: dict[tuple[int, int], int] = {}
    for edges in wired:
        for edge in {(row_of[a], row_of[b]) for a, b in edges if a in row_of and b in row_of and a != b}:
            directed[edge] = directed.get(edge, 0) + 1
    edge_list = sorted(directed)
    return Products(
        frame,
        {
            "flow": count_links(wired, row_of),
            "co-use": count_links((combinations(apps, 2) for apps in workflows["apps"]), row_of),
        },
        (
            np.array(edge_list, dtype=np.int64).reshape(-1, 2),
            np.array([directed[edge] for edge in edge_list], dtype=np.float64),
        ),
        count_links([zip(stated["a"], stated["b"], strict=True)], row_of)[0],
    )


@cache
def world(folder: Path) -> _World:
    """The space of all products, built once a run."""
    from benchmarks.quality.ours import _World

    return _World(products(folder).frame, MAPPING)
