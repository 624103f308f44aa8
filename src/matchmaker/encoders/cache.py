"""A content-addressed cache of text vectors on disk: encoder fingerprint and text digest in, vector out.

    <folder>/vectors/<fingerprint>/<name>.npy    vectors of one write, (n, d) float32
    <folder>/vectors/<fingerprint>/<name>.keys   their n digests of 16 bytes, written last: without it a segment does not exist

Segments are only ever added whole, so two processes can write at once and a killed one leaves nothing that is read.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from matchmaker.disk import cause, save_array
from matchmaker.encoders.chunking import chunks
from matchmaker.errors import StorageError
from matchmaker.profiles.parsing import well_formed

if TYPE_CHECKING:
    from matchmaker.encoders.base import ChunkEncoder
    from matchmaker.progress import Progress

_KEY = 16
_BLOCK = 16_384
"""Texts encoded between two writes: a long build that is cut off loses at most this many."""
_COMPACT_FROM = 64


@dataclass
class Stats:
    """hits: distinct texts found; misses: distinct texts that were not; encoded: chunks given to the model."""

    hits: int = 0
    misses: int = 0
    encoded: int = 0


class CachedEncoder:
    """An encoder that remembers. Same protocol as `Encoder`; long texts are chunked and pooled here."""

    def __init__(self, encoder: ChunkEncoder, folder: Path) -> None:
        self._encoder = encoder
        self.name, self.dimension, self.fingerprint = encoder.name, encoder.dimension, encoder.fingerprint
        self._store = _Store(folder / "vectors" / encoder.fingerprint[:32], encoder.dimension)
        self.stats = Stats()

    def encode(self, texts: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Vectors (n, dimension) float32 of unit length; a text without any word gives the zero vector.

        Each distinct text is looked up and encoded once. Raises StorageError when the cache cannot be read or written.
        """
        texts = [well_formed(text) for text in texts]  # no tokeniser takes them
        distinct = list(dict.fromkeys(texts))
        keys = [digest(text) for text in distinct]
        table = np.zeros((len(distinct), self.dimension), dtype=np.float32)
        missing = self._store.get(keys, table)
        self.stats.hits += len(distinct) - len(missing)
        self.stats.misses += len(missing)
        if missing:
            self._fill(table, distinct, keys, missing, progress)
        place_of = {text: place for place, text in enumerate(distinct)}
        return table[np.fromiter((place_of[text] for text in texts), dtype=np.int64, count=len(texts))]

    def warm_up(self) -> None:
        """Have the model loaded, which happens with the first text otherwise. Raises EncoderError."""
        self._encoder.encode_chunks(["warm"])

    def _fill(
        self,
        table: NDArray[np.float32],
        texts: list[str],
        keys: list[bytes],
        missing: list[int],
        progress: Progress | None,
    ) -> None:
        self._store.check_writable()
        parts = chunks([texts[place] for place in missing], self._encoder)
        if progress:
            progress.start("Encoding texts", sum(map(len, parts)))
        # Longest first, so that every batch pads little; the same order over all blocks.
        order = sorted(range(len(missing)), key=lambda one: -sum(part.tokens for part in parts[one]))
        for low in range(0, len(order), _BLOCK):
            block = order[low : low + _BLOCK]
            flat = [part for one in block for part in parts[one]]
            vectors = self._encoder.encode_chunks([part.text for part in flat], progress=progress)
            self.stats.encoded += len(flat)
            start = 0
            for one in block:
                count = len(parts[one])
                table[missing[one]] = _pool(vectors[start : start + count], [part.tokens for part in parts[one]])
                start += count
            places = [missing[one] for one in block]
            self._store.put([keys[place] for place in places], table[places])
        if progress:
            progress.done()


class _Store:
    """Vectors of one encoder by digest."""

    def __init__(self, folder: Path, dimension: int) -> None:
        self._folder, self._dimension = folder, dimension
        self._where: dict[bytes, tuple[str, int]] = {}
        self._segments: dict[str, NDArray[np.float32]] = {}
        self._seen: set[str] = set()

    def get(self, keys: Sequence[bytes], table: NDArray[np.float32]) -> list[int]:
        """Copy the vectors of the keys into the rows of `table`; returns the places of the keys that are not known."""
        try:
            self._refresh()
        except OSError as error:
            raise StorageError(self._refused("read text vectors in", error)) from error
        missing: list[int] = []
        wanted: dict[str, tuple[list[int], list[int]]] = {}
        for place, key in enumerate(keys):
            where = self._where.get(key)
            if where is None:
                missing.append(place)
            else:
                places, rows = wanted.setdefault(where[0], ([], []))
                places.append(place)
                rows.append(where[1])
        for name, (places, rows) in wanted.items():
            table[places] = self._segments[name][rows]
        return missing

    def check_writable(self) -> None:
        """Raise StorageError before, not after, a long encoding whose vectors could not be kept."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not os.access(self._folder, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise StorageError(self._refused("write text vectors to", error)) from error

    def put(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
        self._write(keys, vectors)

    def _refresh(self) -> None:
        """Open the segments that appeared since the last look; one that is torn or of another shape is passed over."""
        if not self._folder.is_dir():
            return
        for path in sorted(self._folder.glob("*.keys")):
            if path.stem not in self._seen:
                self._seen.add(path.stem)
                self._open(path)
        if len(self._segments) > _COMPACT_FROM:
            self._compact()

    def _open(self, path: Path) -> None:
        try:
            raw = path.read_bytes()
            vectors = np.load(path.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return
        if len(raw) % _KEY or vectors.shape != (len(raw) // _KEY, self._dimension) or vectors.dtype != np.float32:
            return
        name = path.stem
        self._segments[name] = np.asarray(vectors)
        self._where.update((raw[row * _KEY : (row + 1) * _KEY], (name, row)) for row in range(len(vectors)))

    def _compact(self) -> None:
        """Fold many small segments into one; readers that hold the old ones keep them open."""
        old = list(self._segments)
        keys = list(self._where)
        vectors = np.stack([self._segments[name][row] for name, row in self._where.values()])
        name = self._write(keys, vectors)
        self._where, self._segments, self._seen = {}, {}, {name}
        self._open(self._folder / f"{name}.keys")
        for stem in old:
            (self._folder / f"{stem}.keys").unlink(missing_ok=True)
            (self._folder / f"{stem}.npy").unlink(missing_ok=True)

    def _write(self, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> str:
        name = uuid.uuid4().hex
        data, index = self._folder / f"{name}.npy", self._folder / f"{name}.tmp"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with data.open("wb") as file:
                save_array(file, np.asarray(vectors, dtype=np.float32))
                file.flush()
                os.fsync(file.fileno())
            index.write_bytes(b"".join(keys))
            index.replace(self._folder / f"{name}.keys")
        except OSError as error:
            for left in (data, index):
                with contextlib.suppress(OSError):
                    left.unlink(missing_ok=True)
            raise StorageError(self._refused("write text vectors to", error)) from error
        return name

    def _refused(self, action: str, error: OSError) -> str:
        return (
            f"Could not {action} {self._folder}: {cause(error)}. "
            "Free space, or set MATCHMAKER_CACHE_DIR to another folder."
        )


def default_cache_dir() -> Path:
    """MATCHMAKER_CACHE_DIR, else the user's cache folder of this platform."""
    stated = os.environ.get("MATCHMAKER_CACHE_DIR")
    if stated:
        return Path(stated)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "matchmaker"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "matchmaker"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "matchmaker"


def digest(text: str) -> bytes:
    """16 bytes that stand for a text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_KEY).digest()


def _pool(vectors: NDArray[np.float32], tokens: Sequence[int]) -> NDArray[np.float32]:
    """Mean of chunk vectors weighted by their tokens, of unit length; zero for no chunk."""
    if len(vectors) == 0:
        return np.zeros(vectors.shape[1], dtype=np.float32)
    mean = np.average(vectors, axis=0, weights=tokens) if len(vectors) > 1 else vectors[0]
    length = float(np.linalg.norm(mean))
    return np.asarray(mean / length if length else mean, dtype=np.float32)
