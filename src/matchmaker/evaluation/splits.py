"""What is hidden from the scorers, seeded, so that anybody can make the same split again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from matchmaker.errors import SettingsError
from matchmaker.evaluation.metrics import BoolArray, FloatArray, IntArray
from matchmaker.evaluation.reads import RankingTask

Rng = int | np.random.Generator
Links = npt.NDArray[np.int64]
"""(m, 2) partner positions; an undirected link stands once."""


@dataclass(frozen=True)
class LinkSplit:
    """Links seen in training, links hidden, and who asks.

    Attributes:
        train: (a, 2) links a scorer may use.
        hidden: (b, 2) links to be found.
        asks: (n,) bool, the partners whose lists are read.
        aside: (c, 2) true links that neither train nor count: no scorer sees them, and no list is read at them,
            since a partner who is a true one must not stand as a wrong answer.

    """

    train: Links
    hidden: Links
    asks: BoolArray
    aside: Links = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))

    def task(self) -> RankingTask:
        """Ranking task of the partners that ask and have a hidden link; degree is the number of training links."""
        n = len(self.asks)
        seen, truth = adjacency(self.train, n), adjacency(self.hidden, n)
        unread = (seen + adjacency(self.aside, n)) > 0
        queries = np.flatnonzero(self.asks & truth.any(axis=1)).astype(np.int64)
        return RankingTask.from_masks(queries, truth[queries] > 0, unread[queries], seen.sum(axis=1))


def hide_accounts(accounts: int, share: float, rng: Rng) -> tuple[IntArray, IntArray]:
    """Split account columns 0..accounts-1 into (visible, hidden), each sorted; `share` in (0, 1) is hidden."""
    _check_share(share)
    shuffled = np.random.default_rng(rng).permutation(accounts).astype(np.int64)
    cut = round(share * accounts)
    return np.sort(shuffled[cut:]), np.sort(shuffled[:cut])


def hide_links(links: Links, n: int, share: float, rng: Rng) -> LinkSplit:
    """Warm split: hide each link with probability `share`; every partner asks."""
    _check_share(share)
    hidden = np.random.default_rng(rng).random(len(links)) < share
    return LinkSplit(links[~hidden], links[hidden], np.ones(n, dtype=bool))


def hide_partners(links: Links, n: int, folds: int, rng: Rng) -> Iterator[LinkSplit]:
    """Cold splits: in each of `folds` folds a random n / folds partners lose all their links, and only they ask.

    Over the folds every partner asks once. Links between two cold partners are hidden as well.
    """
    if not 2 <= folds <= n:
        raise SettingsError(f"folds must lie in 2..{n}, it is {folds}.")
    fold = np.empty(n, dtype=np.int64)
    fold[np.random.default_rng(rng).permutation(n)] = np.arange(n) % folds
    for number in range(folds):
        cold = fold == number
        hidden = cold[links].any(axis=1)
        yield LinkSplit(links[~hidden], links[hidden], cold)


def hide_both_ends(links: Links, n: int, share: float, rng: Rng) -> LinkSplit:
    """Both ends cold: of round(share * n) random partners all links go, and only links between two of them are asked.

    Links with one cold end stand aside. They cannot train, or the cold end would not be cold, and they are not read,
    or the split would be that of `hide_partners`. Only share ** 2 of the links are hidden: pool several seeds.

    Args:
        links: (m, 2) partner positions.
        n: number of partners.
        share: of partners that turn cold, in (0, 1).
        rng: seed or generator.

    Raises:
        SettingsError: `share` is out of range, or leaves fewer than two cold or no warm partner.

    """
    _check_share(share)
    count = round(share * n)
    if not 2 <= count < n:
        raise SettingsError(f"A share of {share} makes {count} of {n} partners cold; between 2 and {n - 1} are needed.")
    cold = np.zeros(n, dtype=bool)
    cold[np.random.default_rng(rng).permutation(n)[:count]] = True
    ends = cold[links].sum(axis=1)
    return LinkSplit(links[ends == 0], links[ends == 2], cold, links[ends == 1])


def links_after(links: Links, n: int, dates: npt.NDArray[np.datetime64], cutoff: np.datetime64) -> LinkSplit:
    """Temporal split: links dated after `cutoff` are hidden; undated ones (NaT) cannot be placed and train."""
    later = dates > cutoff
    return LinkSplit(links[~later], links[later], np.ones(n, dtype=bool))


def adjacency(links: Links, n: int, weights: FloatArray | None = None) -> npt.NDArray[np.float64]:
    """Symmetric (n, n) float64 with `weights` (default ones) on the links; a repeated link keeps its largest weight."""
    matrix = np.zeros((n, n))
    value = np.ones(len(links)) if weights is None else np.asarray(weights, dtype=np.float64)
    np.maximum.at(matrix, (links[:, 0], links[:, 1]), value)
    return np.maximum(matrix, matrix.T)


def _check_share(share: float) -> None:
    if not 0 < share < 1:
        raise SettingsError(f"share must lie between 0 and 1, it is {share}.")
