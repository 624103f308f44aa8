"""Texts to search by spelling, and what was found in them.

A text is folded before it is compared: no case, no accents, words only. Scores, best kind first:

    exact   1                   the whole text
    prefix  0.9 + 0.09 share    it begins with the query; share: length of the query / its own length
    words   0.8 + 0.09 share    every word of the query begins a word of it
    fuzzy   0.79 likeness       likeness of the query with it or one word of it (normalised indel), from 0.7
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.ragged import Ints, offsets_of, ranges

Floats = NDArray[np.float64]
LIKENESS = 0.7
"""Texts less like the query than this are no misspelling of it."""
_BASE = {"exact": (1.0, 0.0), "prefix": (0.9, 0.09), "words": (0.8, 0.09), "fuzzy": (0.0, 0.79), "domain": (1.0, 0.0)}
_PLAIN = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"})
_BREAK = re.compile(r"[\W_]+")


class Hits(NamedTuple):
    """Partners found in one way. rows: (h,), one may stand there twice; scores: (h,) in [0, 1]; told: what matched in a hit."""

    rows: Ints
    scores: Floats
    how: str
    told: Callable[[int], str | None]


class Texts:
    """Texts to be searched by their `folded` form, `owners` (t,) saying whose each is."""

    def __init__(self, texts: Sequence[str], folded: Sequence[str], owners: Ints) -> None:
        self._texts, self._owners = texts, owners
        self._lengths = np.fromiter(map(len, folded), dtype=np.int64, count=len(folded))
        self._order = np.array(sorted(range(len(folded)), key=folded.__getitem__), dtype=np.int64)
        self._sorted = [folded[number] for number in self._order]

    def exact(self, query: str, how: str = "exact") -> Hits:
        """Texts that are the query."""
        low, high = bisect_left(self._sorted, query), bisect_right(self._sorted, query)
        return self._hits(self._order[low:high], np.ones(high - low), how)

    def prefix(self, query: str) -> Hits:
        """Texts that begin with the query."""
        numbers = self._order[_beginning(self._sorted, query)]
        return self._hits(numbers, len(query) / self._lengths[numbers], "prefix")

    def words(self, query: str) -> Hits:
        """Texts in which every word of the query begins a word."""
        words, carriers, offsets = self._words
        parts = [_beginning(words, word) for word in set(query.split())]
        found = [np.unique(carriers[offsets[part.start] : offsets[part.stop]]) for part in parts]
        numbers = functools.reduce(lambda one, other: np.intersect1d(one, other, assume_unique=True), found)
        return self._hits(numbers, np.minimum(len(query) / self._lengths[numbers], 1.0), "words")

    def fuzzy(self, query: str) -> Hits:
        """Texts that are spelled nearly like the query, as a whole or, where it is one word, in one of their words."""
        places, likeness = self._spelled.like(query)
        numbers = self._order[places]
        if " " not in query:
            words, carriers, offsets = self._words
            near, likely = self._spelled_words.like(query)
            flat, ends = ranges(offsets[near], offsets[near + 1])
            held, counts = carriers[flat], np.diff(ends)
            lengths = np.repeat([len(words[word]) for word in near], counts)
            numbers = np.concatenate((numbers, held))
            whole = 0.9 + 0.1 * lengths / self._lengths[held]
            likeness = np.concatenate((likeness, np.repeat(likely, counts) * whole))
        return self._hits(numbers, likeness, "fuzzy")

    @cached_property
    def _words(self) -> tuple[list[str], Ints, Ints]:
        """The words, sorted, and the numbers of the texts that carry each: (words, numbers, offsets)."""
        carriers: dict[str, list[int]] = {}
        for number, text in zip(self._order.tolist(), self._sorted, strict=True):
            for word in set(text.split()):
                carriers.setdefault(word, []).append(number)
        words = sorted(carriers)
        held = [carriers[word] for word in words]
        return words, np.fromiter(itertools.chain.from_iterable(held), dtype=np.int64), offsets_of(held)

    @cached_property
    def _spelled(self) -> _Spelled:
        return _Spelled(self._sorted)

    @cached_property
    def _spelled_words(self) -> _Spelled:
        return _Spelled(self._words[0])

    def _hits(self, numbers: Ints, share: Floats, how: str) -> Hits:
        base, slope = _BASE[how]
        return Hits(self._owners[numbers], base + slope * share, how, lambda hit: self._texts[numbers[hit]])


class _Spelled:
    """Texts by length: only those that are not too long or short can be alike."""

    def __init__(self, texts: Sequence[str]) -> None:
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        self._order = np.argsort(lengths, kind="stable")
        self._lengths = lengths[self._order]
        # Made anew, they lie side by side in memory in this order, and are compared four times as fast.
        self._texts = "\n".join([texts[place] for place in self._order]).split("\n")

    def like(self, query: str) -> tuple[Ints, Floats]:
        """Places of the texts that are nearly the query, and how nearly, in [LIKENESS, 1]."""
        from rapidfuzz import fuzz, process

        # 2 min(a, b) / (a + b) is the most that texts of these lengths can be alike.
        reach = LIKENESS / (2.0 - LIKENESS)
        low = int(np.searchsorted(self._lengths, reach * len(query), side="left"))
        high = int(np.searchsorted(self._lengths, len(query) / reach, side="right"))
        if low >= high:
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        texts = self._texts[low:high]
        likeness = process.cdist([query], texts, scorer=fuzz.ratio, score_cutoff=100 * LIKENESS)[0]
        near = np.flatnonzero(likeness)
        return self._order[low + near], likeness[near].astype(np.float64) / 100


def best(
    hits: Iterable[Hits], allowed: NDArray[np.bool_], size: NDArray[np.floating], ids: Sequence[str], k: int
) -> list[tuple[int, float, str, str | None]]:
    """Row, score, how and what matched of the k best `allowed` partners, each once; of equals the larger, then by id."""
    kinds = list(hits)
    if not kinds:
        return []
    rows = np.concatenate([one.rows for one in kinds])
    scores = np.round(np.concatenate([one.scores for one in kinds]), 6)
    kind = np.repeat(np.arange(len(kinds)), [len(one.rows) for one in kinds])
    number = np.concatenate([np.arange(len(one.rows)) for one in kinds])
    order = np.lexsort((kind, -scores, rows))
    order = order[allowed[rows[order]]]
    order = order[np.unique(rows[order], return_index=True)[1]]
    known = np.nan_to_num(size[rows[order]].astype(np.float64), nan=-1.0)
    ranked = np.lexsort((-known, -scores[order]))
    if len(ranked) > k:  # whoever equals the last one is still in
        last = ranked[k - 1]
        equal = (scores[order] == scores[order[last]]) & (known == known[last])
        ranked = np.union1d(ranked[:k], np.flatnonzero(equal))
    chosen = sorted(ranked.tolist(), key=lambda one: (-scores[order[one]], -known[one], ids[rows[order[one]]]))[:k]
    return [
        (int(rows[hit]), float(scores[hit]), kinds[kind[hit]].how, kinds[kind[hit]].told(int(number[hit])))
        for hit in order[chosen]
    ]


def fold(text: str) -> str:
    """A text for comparison: `Café-Crème GmbH` -> `cafe creme gmbh`; what consists of signs alone stays as it is, in lower case."""
    text = text.casefold()
    if not text.isascii():
        marked = unicodedata.normalize("NFKD", text.translate(_PLAIN))
        text = "".join(sign for sign in marked if not unicodedata.combining(sign)).casefold()
    return _BREAK.sub(" ", text).strip() or " ".join(text.split())


def _beginning(texts: Sequence[str], query: str) -> slice:
    """Where in sorted `texts` those stand that begin with `query`."""
    low = bisect_left(texts, query)
    return slice(low, bisect_left(texts, True, low, key=lambda text: not text.startswith(query)))
