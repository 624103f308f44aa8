"""The engine's cold-start prior as a scorer: no history enters, only the catalogue's own texts and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.quality.text import _encoder
from matchmaker.config import Config
from matchmaker.matching.build import build_space
from matchmaker.matching.scorer import score
from matchmaker.profiles.catalogue import Catalogue, load_catalogue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from matchmaker.evaluation import Scorer


def prior_scorer(frame: pd.DataFrame, mapping: Mapping[str, Sequence[str]], dataset: str) -> Scorer:
    """Score rows of `frame` by the mutual value of the default configuration; the same for every data set."""
    del dataset
    config = Config()
    catalogue: Catalogue = load_catalogue(frame, mapping={"partners": mapping})
    space = build_space(catalogue, _encoder(config.encoder), config).space
    row_of = {partner: row for row, partner in enumerate(space.ids)}
    place = np.array([row_of[str(partner)] for partner in frame["id"]])
    nobody = np.zeros(len(space), dtype=bool)
    everybody = np.arange(len(space))

    def scorer(queries: np.ndarray) -> np.ndarray:
        return np.stack(
            [score(space, config, space.side(int(row)), everybody, nobody).nats[place] for row in place[queries]]
        ).astype(np.float32)

    return scorer
