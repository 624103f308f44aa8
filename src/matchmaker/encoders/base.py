"""The protocols of encoders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matchmaker.progress import Progress


class Encoder(Protocol):
    """What the engine uses. fingerprint: hex digest of everything that decides the vectors, known without loading a model."""

    name: str
    dimension: int
    fingerprint: str

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Vectors (n, dimension) of unit length; a text without any word gives the zero vector."""
        ...


class ChunkEncoder(Protocol):
    """What a backend supplies: it sees only chunks that fit its window. window: tokens a chunk may have."""

    name: str
    dimension: int
    window: int

    @property
    def fingerprint(self) -> str:
        """Hex digest of everything that decides the vectors."""
        ...

    def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Character range of every token of every text, without special tokens."""
        ...

    def encode_chunks(self, chunks: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Unit vectors (n, dimension) of chunks."""
        ...
