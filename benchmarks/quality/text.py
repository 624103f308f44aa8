"""Texts to vectors, and the text baselines that every data set shares."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from matchmaker.evaluation import baselines

if TYPE_CHECKING:
    from matchmaker.encoders.base import Encoder
    from matchmaker.evaluation import Scorer


@cache
def _encoder(spec: str) -> Encoder:
    from matchmaker.encoders import open_encoder

    return open_encoder(spec)


def encode(texts: Sequence[str], spec: str) -> np.ndarray | None:
    """Vectors (n, d) of the encoder `spec`; None for "none", which leaves the vector baselines out."""
    return None if spec == "none" else _encoder(spec).encode(list(texts))


def text_baselines(
    texts: Sequence[str],
    vectors: np.ndarray | None,
    categories: Sequence[Collection[str]] | None,
    degree: np.ndarray,
    rows: np.ndarray,
    seed: int,
) -> dict[str, Scorer]:
    """Baselines that need no history but the degree.

    Args:
        texts: name and description of the whole catalogue; idf and whitening are fitted on all of it.
        vectors: (catalogue, d) or None.
        categories: sets of the whole catalogue, or None.
        degree: (n,) training degree of the candidates.
        rows: (n,) the candidates' rows in the catalogue.
        seed: of the random list.

    """
    scorers = {
        "random": baselines.random_order(len(rows), seed),
        "popularity": baselines.popularity(degree),
    }
    if categories is not None:
        scorers["category"] = baselines.category([categories[row] for row in rows])
        scorers["category, then popularity"] = baselines.then(scorers["category"], scorers["popularity"])
    scorers["TF-IDF cosine"] = baselines.tfidf([texts[row] for row in rows], texts)
    if vectors is not None:
        scorers["MiniLM cosine"] = baselines.cosine(vectors[rows])
        scorers["whitened cosine"] = baselines.cosine(baselines.whiten(vectors[rows], vectors))
    return scorers
