"""The engine as a scorer: its cold-start prior, from the catalogue's own texts and labels, and what it learns from history."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.quality.text import _encoder
from matchmaker.config import Config
from matchmaker.matching.build import build_space
from matchmaker.matching.learned import from_accounts, from_links, texts
from matchmaker.matching.learned.history import Links
from matchmaker.matching.learned.overlap import Overlap
from matchmaker.matching.scorer import score
from matchmaker.profiles.catalogue import Catalogue, load_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from scipy.sparse import csr_array

    from benchmarks.quality.hook import Among, History
    from matchmaker.matching.learned.from_accounts import AccountModel
    from matchmaker.matching.learned.from_links import LinkModel
    from matchmaker.matching.space import Side


def prior_scorer(frame: pd.DataFrame, mapping: Mapping[str, Sequence[str]], dataset: str) -> Among:
    """Score rows of `frame` by the mutual value of the default configuration; the same for every data set."""
    del dataset
    return _World(frame, mapping).scorer(
        lambda world, side, rows: score(world.space, world.config, side, rows, _nobody(rows)).nats
    )


def history_scorer(frame: pd.DataFrame, mapping: Mapping[str, Sequence[str]], dataset: str, history: History) -> Among:
    """Score rows of `frame` by what was learned from the training part's links or, without any, its accounts."""
    del dataset
    world = _World(frame, mapping)
    model: LinkModel | AccountModel
    linked: csr_array | None = None
    if history.links is not None:
        links, _ = Links.clean(world.place[history.links], len(world.space), history.weights)
        model = from_links.learn(world.space, world.config, links)
        linked = links.adjacency()
    elif history.accounts is not None:
        back = np.argsort(world.place)  # rows of the space in the order of the frame's
        model = from_accounts.learn(world.space, world.config, history.accounts[back])
    else:
        raise ValueError("a history has links or accounts")
    return world.ordered(model, linked)


def unseen_scorer(frame: pd.DataFrame, mapping: Mapping[str, Sequence[str]], dataset: str, history: History) -> Among:
    """Score rows of `frame` by what was learned from the training part's accounts, as if nobody who is ranked had any."""
    from scipy.sparse import csr_array

    del dataset
    if history.accounts is None:
        raise ValueError("what is hidden is accounts")
    world = _World(frame, mapping)
    model = from_accounts.learn(world.space, world.config, history.accounts[np.argsort(world.place)])
    nothing = Overlap.of(csr_array(model.overlap.held.shape), np.zeros_like(model.overlap.embedded[-1]))
    return world.ordered(replace(model, overlap=nothing), None)


class _World:
    """A catalogue's space. place: (n,) its row for each row of the frame."""

    def __init__(self, frame: pd.DataFrame, mapping: Mapping[str, Sequence[str]]) -> None:
        self.config = Config()
        catalogue: Catalogue = load_catalogue(frame, mapping={"partners": mapping})
        self.space = build_space(catalogue, _encoder(self.config.encoder), self.config).space
        row_of = {partner: row for row, partner in enumerate(self.space.ids)}
        self.place = np.array([row_of[str(partner)] for partner in frame["id"]])

    def ordered(self, model: LinkModel | AccountModel, linked: csr_array | None) -> Among:
        """Scores of frame rows in the order that a learned model gives them; linked: (n, n), who is known to be, if anybody."""
        tell = texts.teller(model.told(self.space), self.config)

        def scorer(queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
            rows = self.place[candidates]
            asks, others = np.repeat(self.place[queries], len(rows)), np.tile(rows, len(queries))
            odds = model.odds(model.features(tell(asks, others), asks, others), asks, others)
            known = asks == others
            if linked is not None:
                known |= linked[asks, others] > 0
            odds[known] = -np.inf  # who is known already takes no place of a list
            return model.order(odds, asks, others).reshape(len(queries), len(rows)).astype(np.float32)

        return scorer

    def scorer(self, scores: Callable[[_World, Side, np.ndarray], np.ndarray]) -> Among:
        """Scores of frame rows, by `scores` of a side and rows of the space."""

        def scorer(queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
            rows = self.place[candidates]
            found = [scores(self, self.space.side(int(row)), rows) for row in self.place[queries]]
            return np.stack(found).astype(np.float32)

        return scorer


def _nobody(rows: np.ndarray) -> np.ndarray:
    return np.zeros(len(rows), dtype=bool)
