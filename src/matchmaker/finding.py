"""Finding partners by what one knows of them: a name, a domain, or words that say what they do.

name        ids and names as retrieval/texts.py finds and scores them; nearly so spelled ones while fewer than k are found otherwise
domain      1 for partners of the registrable domain of the query; domains that begin with a query that has none, as for names
meaning     cosine of the whole profile with the query, both whitened
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from matchmaker.errors import SettingsError
from matchmaker.profiles.identity import registrable_domain
from matchmaker.results import Found
from matchmaker.retrieval.texts import Hits, Texts, best, fold

if TYPE_CHECKING:
    from matchmaker.encoders.base import Encoder
    from matchmaker.fitted import Fitted
    from matchmaker.profiles.table import ProfileTable

WAYS = ("name", "domain", "meaning")
_SIMPLE = re.compile(r"[a-z0-9-]+\.[a-z]+")


class Directory:
    """Names, ids and domains of an ecosystem, folded once; `base` is that of the rows before `start`, which is not read again."""

    def __init__(
        self, names: Sequence[str], ids: Sequence[str], profiles: ProfileTable, base: Directory | None = None
    ) -> None:
        self._names, self._ids, self._profiles, self._base = names, ids, profiles, base
        self._start = 0 if base is None else len(base._ids)

    @cached_property
    def names(self) -> tuple[Texts, ...]:
        """Names and ids; an id that says what the name says is left out."""
        late = range(self._start, len(self._ids))
        names, ids = ([fold(texts[row]) for row in late] for texts in (self._names, self._ids))
        other = [place for place, (one, name) in enumerate(zip(ids, names, strict=True)) if one != name]
        texts = [*self._names[self._start :], *(self._ids[self._start + place] for place in other)]
        owners = np.concatenate((np.array(late), np.array(other, dtype=np.int64) + self._start)).astype(np.int64)
        mine = Texts(texts, [*names, *(ids[place] for place in other)], owners)
        return (mine,) if self._base is None else (*self._base.names, mine)

    @cached_property
    def domains(self) -> tuple[Texts, ...]:
        """Registrable domains."""
        owned = [
            (row, domain) for row, stated in enumerate(self._stated, self._start) for domain in map(domain_of, stated)
        ]
        texts, owners = [domain for _, domain in owned], np.array([row for row, _ in owned], dtype=np.int64)
        mine = Texts(texts, texts, owners)
        return (mine,) if self._base is None else (*self._base.domains, mine)

    def domain(self, row: int) -> str | None:
        """The main domain of a partner as it states it, or the first of its others."""
        if self._base is not None and row < self._start:
            return self._base.domain(row)
        return next(iter(self._stated[row - self._start]), None)

    @cached_property
    def _stated(self) -> list[tuple[str, ...]]:
        """The stated domains of each partner from `start` on, its main one first."""
        if self._base is not None:
            late = [self._profiles.partner(row) for row in range(self._start, len(self._ids))]
            return [_filled(one.domain, one.domains) for one in late]
        return [_filled(*both) for both in zip(*map(self._profiles.column, ("domain", "domains")), strict=True)]


def search(
    fitted: Fitted, query: str, k: int, by: str, allowed: NDArray[np.bool_], encoder: Callable[[], Encoder]
) -> Found:
    """The k best of the `allowed` (n,) partners; `encoder` is called where words have to be understood.

    Raises SettingsError for an empty query or an unknown way, EncoderError.
    """
    if by not in WAYS:
        raise SettingsError(f"by must be one of {', '.join(WAYS)}, not {by!r}.")
    asked = query.strip()
    if not asked:
        raise SettingsError("The query is empty: give a name, a domain or some words.")
    if by == "name":
        hits = by_name(fitted.directory, asked, k, allowed)
    elif by == "domain":
        hits = by_domain(fitted.directory, asked)
    else:
        hits = [by_meaning(fitted, asked, encoder())]
    return Found(query=query, by=by, rows=_told(fitted, best(hits, allowed, fitted.space.size, fitted.space.ids, k)))


def by_name(directory: Directory, query: str, k: int, allowed: NDArray[np.bool_]) -> list[Hits]:
    """Partners whose name or id is, begins with, holds or nearly is `query`; k `allowed` ones if so many can be found."""
    asked = fold(query)
    if not asked:
        return []
    found = [way(asked) for texts in directory.names for way in (texts.exact, texts.prefix, texts.words)]
    rows = np.unique(np.concatenate([hits.rows for hits in found]))
    if np.count_nonzero(allowed[rows]) < k:
        found.extend(texts.fuzzy(asked) for texts in directory.names)
    return found


def by_domain(directory: Directory, query: str) -> list[Hits]:
    """Partners of the registrable domain of a URL, e-mail address or host; where it has none, of domains that begin with it."""
    wanted = registrable_domain(query)
    if wanted is not None:
        return [texts.exact(wanted, "domain") for texts in directory.domains]
    part = host(query)
    ways = [(texts.exact(part, "domain"), texts.prefix(part)) for texts in directory.domains] if part else []
    return [hits for both in ways for hits in both]


def by_meaning(fitted: Fitted, query: str, encoder: Encoder) -> Hits:
    """Partners by the cosine of their whole profile with `query`; those that point away from it are left out.

    Raises EncoderError when `encoder` is not the one that made the stored vectors.
    """
    fitted.check_encoder(encoder)
    asked = fitted.whitening["topic"].apply(encoder.encode([query]))[0]
    near = fitted.space.topic.dot(asked).astype(np.float64)
    rows = np.flatnonzero(near > 0)
    return Hits(rows, np.minimum(near[rows], 1.0), "meaning", lambda hit: None)


def domain_of(stated: str) -> str:
    """The registrable domain of what a partner states, or its host where there is none."""
    if _SIMPLE.fullmatch(stated):  # two labels are one already, and most domains have two
        return stated
    return registrable_domain(stated) or host(stated)


def host(value: str) -> str:
    """The host of a URL, e-mail address or bare host, in lower case and without `www.`; as much of it as there is."""
    plain = value.strip().lower()
    try:
        found = urlsplit(plain if "//" in plain else f"//{plain}").hostname or ""
    except ValueError:  # not an address at all
        return ""
    return " ".join(found.removeprefix("www.").strip(".").split())


def _filled(first: str | None, others: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(one for one in (first, *(others or ())) if one)


def _told(fitted: Fitted, found: Sequence[tuple[int, float, str, str | None]]) -> list[dict[str, Any]]:
    shown = fitted.profiles.shown([row for row, *_ in found])
    return [
        {
            "rank": rank,
            "partner": fitted.space.ids[row],
            "name": plain["name"],
            "categories": list(plain["categories"]),
            "domain": fitted.directory.domain(row),
            "size_band": plain["size_band"],
            "score": score,
            "how": how,
            "matched": matched,
        }
        for rank, ((row, score, how, matched), plain) in enumerate(zip(found, shown, strict=True), start=1)
    ]
