"""Text vectors in the store: what one worker has encoded, all of them read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from matchmaker.encoders.cache import digest
from matchmaker.profiles.parsing import well_formed
from matchmaker.store.database import Database
from matchmaker.store.rows import insert
from matchmaker.store.tables import vectors as table

if TYPE_CHECKING:
    from matchmaker.encoders.base import Encoder
    from matchmaker.progress import Progress

_PART = 500
"""Digests asked for in one statement."""


class StoreEncoder:
    """An encoder that looks into the store first; the model behind it is opened only for texts that nobody has encoded."""

    def __init__(
        self, database: Database, name: str, fingerprint: str, dimension: int, open_encoder: Callable[[], Encoder]
    ) -> None:
        """`open_encoder` must give the encoder of this fingerprint."""
        self._database, self._open = database, open_encoder
        self.name, self.fingerprint, self.dimension = name, fingerprint, dimension

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Vectors (n, dimension) float32 of unit length. Raises StoreError, EncoderError."""
        texts = [well_formed(text) for text in texts]
        keys = {text: digest(text) for text in texts}
        known = self._read(list(keys.values()))
        missing = [text for text, key in keys.items() if key not in known]
        if missing:
            fresh = self._open().encode(missing, progress=progress)
            known.update((keys[text], vector) for text, vector in zip(missing, fresh, strict=True))
            self._write({keys[text]: known[keys[text]] for text in missing})
        return np.array([known[keys[text]] for text in texts], dtype=np.float32).reshape(-1, self.dimension)

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        found: dict[bytes, NDArray[np.float32]] = {}
        with self._database.reading() as connection:
            for low in range(0, len(keys), _PART):
                wanted = table.c.digest.in_(list(keys[low : low + _PART]))
                query = sa.select(table.c.digest, table.c.vector).where(table.c.fingerprint == self.fingerprint, wanted)
                for key, vector in connection.execute(query):
                    found[bytes(key)] = np.frombuffer(vector, dtype="<f4")
        return found

    def _write(self, vectors: dict[bytes, NDArray[np.float32]]) -> None:
        rows = [
            {"fingerprint": self.fingerprint, "digest": key, "vector": vector.astype("<f4").tobytes()}
            for key, vector in vectors.items()
        ]
        with self._database.writing() as writing:
            writing.sql.execute(insert(writing.sql, table).on_conflict_do_nothing(), rows)
