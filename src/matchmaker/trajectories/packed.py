"""Lists of texts as two plain arrays, so that a bundle can keep and map them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def pack(texts: Sequence[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """UTF-8 bytes of all texts, one after another, and (n + 1,) where each begins."""
    encoded = [text.encode("utf-8", "replace") for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets


class Packed:
    """Texts read from such arrays one at a time."""

    def __init__(self, content: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
        self.content, self.offsets = content, offsets

    @classmethod
    def of(cls, texts: Sequence[str]) -> Packed:
        """Pack `texts`."""
        return cls(*pack(texts))

    def __len__(self) -> int:
        """Number of texts."""
        return len(self.offsets) - 1

    def __getitem__(self, place: int) -> str:
        """Text number `place`."""
        return self.content[self.offsets[place] : self.offsets[place + 1]].tobytes().decode("utf-8")
