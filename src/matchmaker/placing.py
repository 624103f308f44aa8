"""Placing what was written since a build on its bundle, with the text vectors that the store keeps."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from matchmaker.fitting import Placed, place, texts_of
from matchmaker.store.vectors import StoreEncoder

if TYPE_CHECKING:
    from matchmaker.encoders.base import Encoder
    from matchmaker.engine import Matchmaker
    from matchmaker.fitted import Fitted
    from matchmaker.profiles.schema import Partner
    from matchmaker.progress import Progress
    from matchmaker.store.database import Database

    Asked = tuple[Partner, tuple[str, ...]]
    """A partner, and the ids that known relations connect it to."""


class Placer(Protocol):
    """Who places partners: this process (`Placing`), or one of its own (the service's `Apart`)."""

    encoder: Encoder
    """For texts that stand in no partner of the store."""

    def place(self, several: Sequence[Asked]) -> list[Placed | Exception]:
        """Each one placed, or why it could not be. Raises where none of them could be looked at."""
        ...


class Placing:
    """Places partners on one bundle in this process."""

    def __init__(self, database: Database, built: Matchmaker) -> None:
        self._fitted = fitted = built.fitted
        self.encoder: Encoder = StoreEncoder(
            database,
            fitted.encoder,
            fitted.fingerprint,
            fitted.space.heading.shape[1],
            partial(_opened, built, fitted, threading.Lock()),
        )

    def place(self, several: Sequence[Asked]) -> list[Placed | Exception]:
        """Each one placed, or why it could not be: one partner must not stop the others."""
        encoder = self._encoded([partner for partner, _ in several])
        return [self._one(partner, connected, encoder) for partner, connected in several]

    def _one(self, partner: Partner, connected: Sequence[str], encoder: Encoder) -> Placed | Exception:
        row = self._fitted.rows.get(partner.id)
        try:
            return place(self._fitted, partner, encoder, account=row, connected=connected)
        except Exception as error:
            return error

    def _encoded(self, several: Sequence[Partner]) -> Encoder:
        """An encoder for the texts of these partners: all encoded at once, or one after another where some cannot be."""
        try:
            texts = list(dict.fromkeys(itertools.chain.from_iterable(map(texts_of, several))))
            return _Encoded(self.encoder, dict(zip(texts, self.encoder.encode(texts), strict=True)))
        except Exception:  # whose texts they are shows when each is placed by itself
            return self.encoder


def _opened(built: Matchmaker, fitted: Fitted, opening: threading.Lock) -> Encoder:
    """The model behind the store's vectors. Raises EncoderError when it is not the one that the bundle was built with.

    No method: the encoder would hold its owner, and both, a whole bundle, would wait for the garbage collector.
    """
    with opening:
        encoder = built.encoder
    fitted.check_encoder(encoder)
    return encoder


class _Encoded:
    """An encoder that holds the vectors of the texts it will be asked for."""

    def __init__(self, encoder: Encoder, vectors: dict[str, NDArray[np.float32]]) -> None:
        self.name, self.fingerprint, self.dimension = encoder.name, encoder.fingerprint, encoder.dimension
        self._vectors = vectors

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Vectors (n, dimension) float32."""
        del progress
        return np.array([self._vectors[text] for text in texts], dtype=np.float32).reshape(-1, self.dimension)
