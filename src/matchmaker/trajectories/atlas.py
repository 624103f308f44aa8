"""What stands where: the texts that partners say in a facet, by which a meeting point gets a name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchmaker.matching.ragged import offsets_of
from matchmaker.trajectories.field import Ints, Singles
from matchmaker.trajectories.packed import Packed

NEIGHBOURS = 12
"""Third parties nearest to a point that are asked what they say."""
_COMMON = 3


@dataclass(frozen=True)
class Named:
    """What is said around a point. text: the nearest text of a third party; partner: its row; label: the segment most of all
    shared by the third parties around, beside how common it is everywhere, None where they share none; distance: of the text.
    """

    text: str | None
    partner: int | None
    label: str | None
    distance: float | None


@dataclass(frozen=True)
class Atlas:
    """Texts of the last snapshot of every partner in one facet, and its labels.

    places: (m, k) float32 on the axes of the facet; texts: m; said: numbers of the texts of partner i at offsets[i] to
    offsets[i + 1]; labels, held, held_offsets: the same for the partners' labels, which have no place.
    """

    places: Singles
    texts: Packed
    said: Ints
    offsets: Ints
    labels: Packed
    held: Ints
    held_offsets: Ints

    @classmethod
    def of(
        cls,
        said: Sequence[Sequence[str]],
        places: Mapping[str, NDArray[np.floating]],
        labels: Sequence[Collection[str]],
        shown: Mapping[str, str] | None = None,
    ) -> Atlas:
        """From the texts and labels of each partner, the place (k,) of each distinct text, and how it is shown if otherwise."""
        texts = sorted(places)
        number = {text: place for place, text in enumerate(texts)}
        names = sorted({label for one in labels for label in one})
        code = {label: place for place, label in enumerate(names)}
        return cls(
            np.array([places[text] for text in texts], dtype=np.float32),
            Packed.of([shown[text] if shown else text for text in texts]),
            np.array([number[text] for one in said for text in one], dtype=np.int64),
            offsets_of(said),
            Packed.of(names),
            np.array([code[label] for one in labels for label in sorted(set(one))], dtype=np.int64),
            offsets_of([set(one) for one in labels]),
        )

    def around(self, point: Singles, gaps: Singles, pair: tuple[int, int]) -> Named:
        """What third parties to `pair` say nearest to `point` (k,); gaps: (n,) squared distance of each partner from it, up to a
        common number, infinite for those who are not there. They are changed.
        """
        gaps[list(pair)] = np.inf
        near = np.argpartition(gaps, min(NEIGHBOURS, len(gaps)) - 1)[:NEIGHBOURS]
        near = near[np.isfinite(gaps[near])]
        return self._nearest(point, near, pair, self._label(near))

    def _nearest(self, point: Singles, near: Ints, pair: tuple[int, int], label: str | None) -> Named:
        own = {int(text) for row in pair for text in self.said[self.offsets[row] : self.offsets[row + 1]]}
        found = [
            (float(np.linalg.norm(self.places[text] - point)), int(text), int(row))
            for row in near
            for text in self.said[self.offsets[row] : self.offsets[row + 1]]
            if int(text) not in own
        ]
        if not found:
            return Named(None, None, label, None)
        gap, text, row = min(found)
        return Named(self.texts[text], row, label, gap)

    def _label(self, near: Ints) -> str | None:
        """The label whose share among `near` is largest beside its share of all, of those that three of them hold."""
        if not len(self.held) or not len(near):
            return None
        codes = np.concatenate([self.held[self.held_offsets[row] : self.held_offsets[row + 1]] for row in near])
        count = np.bincount(codes, minlength=len(self.labels))
        everywhere = np.bincount(self.held, minlength=len(self.labels))
        # Shares are judged after one more third party of the ordinary kind, so that a rare label does not win by chance.
        lift = count / (everywhere + len(self.held_offsets) / len(near))
        lift[count < _COMMON] = 0.0
        best = int(lift.argmax())
        return self.labels[best] if lift[best] > 0 else None

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Plain arrays."""
        return {
            "places": self.places,
            "texts": self.texts.content,
            "text_offsets": self.texts.offsets,
            "said": self.said,
            "offsets": self.offsets,
            "labels": self.labels.content,
            "label_offsets": self.labels.offsets,
            "held": self.held,
            "held_offsets": self.held_offsets,
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Atlas:
        """What `arrays` gave."""
        a: Mapping[str, NDArray[np.generic]] = arrays
        return cls(
            a["places"],  # type: ignore[arg-type]
            Packed(a["texts"], a["text_offsets"]),  # type: ignore[arg-type]
            a["said"],  # type: ignore[arg-type]
            a["offsets"],  # type: ignore[arg-type]
            Packed(a["labels"], a["label_offsets"]),  # type: ignore[arg-type]
            a["held"],  # type: ignore[arg-type]
            a["held_offsets"],  # type: ignore[arg-type]
        )
