"""What filters read of the partners, in columns: an object for each of a hundred thousand would be slow to ask and to free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matchmaker.profiles.schema import Partner

Mask = NDArray[np.bool_]

LABELS = {
    "type": "partner_types",
    "category": "categories",
    "region": "regions",
    "industry": "industries",
    "company_size": "company_sizes",
}


@dataclass(frozen=True)
class Words:
    """Words of rows. rows, codes: (m,) int32, the row of each word and its place in `spellings`."""

    rows: NDArray[np.int32]
    codes: NDArray[np.int32]
    spellings: tuple[str, ...]

    @classmethod
    def gather(cls, each: Iterable[Iterable[str]], known: Sequence[str] = (), first: int = 0) -> Words:
        """The words of rows from `first` on; `known` are spellings to begin with."""
        places = {word: code for code, word in enumerate(known)}
        found = [(row, places.setdefault(word, len(places))) for row, words in enumerate(each, first) for word in words]
        table = np.array(found, dtype=np.int32).reshape(-1, 2)
        return cls(table[:, 0].copy(), table[:, 1].copy(), tuple(places))

    def followed_by(self, each: Iterable[Iterable[str]], first: int) -> Words:
        """These words, then those of rows from `first` on."""
        late = Words.gather(each, self.spellings, first)
        joined = np.concatenate((self.rows, late.rows)), np.concatenate((self.codes, late.codes))
        return Words(*joined, late.spellings)

    def among(self, wanted: set[str], count: int) -> Mask:
        """(count,) bool, the rows with a word that is in `wanted` when written small."""
        codes = [code for code, word in enumerate(self.spellings) if word.lower() in wanted]
        mask = np.zeros(count, dtype=bool)
        mask[self.rows[np.isin(self.codes, codes)]] = True
        return mask

    def counted(self, standing: Mask) -> Counter[str]:
        """How often each word is said by the rows that are standing."""
        numbers = np.bincount(self.codes[standing[self.rows]], minlength=len(self.spellings))
        return Counter({word: int(number) for word, number in zip(self.spellings, numbers, strict=True) if number})


@dataclass(frozen=True)
class Columns:
    """Fields of the partners, one entry a row.

    ids: (n,); sizes: (n,) float64, NaN where unknown; words: by name of a field, and of `size_band`; extra: by name, the words of
    an extra field and its (n,) float64 numbers, NaN where it is none.
    """

    ids: tuple[str, ...]
    sizes: NDArray[np.float64]
    words: Mapping[str, Words]
    extra: Mapping[str, tuple[Words, NDArray[np.float64]]]

    @classmethod
    def from_partners(cls, partners: Iterable[Partner]) -> Columns:
        """Columns of a catalogue in row order."""
        none = Words.gather(())
        empty = cls((), np.zeros(0), dict.fromkeys((*LABELS, "size_band"), none), {})
        return empty.followed_by(list(partners))

    def followed_by(self, more: Sequence[Partner]) -> Columns:
        """These partners, then `more`."""
        first = len(self.ids)
        sizes = [np.nan if partner.size is None else partner.size for partner in more]
        said: dict[str, Callable[[Partner], Iterable[str]]] = {
            name: lambda partner, field=field: getattr(partner, field)  # type: ignore[misc]
            for name, field in LABELS.items()
        }
        said["size_band"] = lambda partner: (partner.size_band,) if partner.size_band else ()
        fields = {*self.extra, *(name for partner in more for name in partner.extra)}
        return Columns(
            ids=(*self.ids, *(partner.id for partner in more)),
            sizes=np.concatenate((self.sizes, np.array(sizes, dtype=np.float64))),
            words={name: self.words[name].followed_by(map(read, more), first) for name, read in said.items()},
            extra={name: self._extra(name, more, first) for name in fields},
        )

    def _extra(self, name: str, more: Sequence[Partner], first: int) -> tuple[Words, NDArray[np.float64]]:
        words, numbers = self.extra.get(name) or (Words.gather(()), np.full(first, np.nan))
        values = [partner.extra.get(name) for partner in more]
        late = np.array([_number(value) for value in values], dtype=np.float64)
        return words.followed_by(map(words_of, values), first), np.concatenate((numbers, late))


def words_of(value: object) -> set[str]:
    """A value, or the values of a list, as words."""
    if value is None:
        return set()
    values = value if isinstance(value, (list, tuple, set)) else [value]
    return {_word(one) for one in values}


def _word(value: object) -> str:
    """A value as a word; a whole number is the same word whether it is written 3 or 3.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().lower()


def _number(value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return np.nan
    try:
        return float(value)
    except OverflowError:  # a whole number may have any number of digits
        return np.inf if value > 0 else -np.inf
