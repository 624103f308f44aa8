"""Texts to unit vectors: one protocol, three backends, and a cache that never encodes the same text twice."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

from matchmaker.encoders.base import Encoder
from matchmaker.encoders.cache import CachedEncoder, default_cache_dir
from matchmaker.encoders.sentence_transformer import open_folder
from matchmaker.errors import EncoderError

GROUP = "matchmaker.encoders"
__all__ = ["CachedEncoder", "Encoder", "open_encoder"]


def open_encoder(
    spec: str = "minilm", *, cache_dir: Path | None = None, batch_size: int = 32, threads: int | None = None
) -> CachedEncoder:
    """Open an encoder behind the cache; nothing heavy is imported before a text is met that the cache does not hold.

    spec: `minilm` (packaged), `static` (distilled from it once, then without torch), a folder or name of a
    sentence-transformers model that is on this disk, or a name registered under the entry-point group
    `matchmaker.encoders`. Raises EncoderError.
    """
    folder = cache_dir or default_cache_dir()
    for entry in entry_points(group=GROUP):
        if entry.name == spec:
            try:
                opened = entry.load()(cache_dir=folder, batch_size=batch_size, threads=threads)
            except ImportError as error:
                raise EncoderError(f"Encoder {spec!r} cannot be imported: {error}.") from error
            return CachedEncoder(opened, folder)
    return CachedEncoder(open_folder(spec, batch_size=batch_size, threads=threads), folder)
