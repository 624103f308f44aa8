"""Any sentence-transformers model that lies on this disk; torch is imported when the first text is encoded, not before."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.disk import cause
from matchmaker.errors import EncoderError

if TYPE_CHECKING:
    from matchmaker.progress import Progress

_SPECIAL = 2
_DEFAULT_WINDOW = 256
_STEP = 64
"""Batches between two reports of progress."""
_MODEL_FILES = ("*.safetensors", "*.bin", "*.json", "*.txt", "*/config.json", "*/*.safetensors")


class SentenceTransformerEncoder:
    """A model folder as a `ChunkEncoder`. weights: sha256 that `model.safetensors` must have, checked before it is loaded."""

    def __init__(
        self, folder: Path, name: str, *, weights: str | None = None, batch_size: int = 32, threads: int | None = None
    ) -> None:
        self._folder, self.name, self._weights = folder, name, weights
        self._batch_size, self._threads = batch_size, threads
        settings = _json(folder / "sentence_bert_config.json")
        model = _json(folder / "config.json")
        self.window = (
            int(settings.get("max_seq_length") or model.get("max_position_embeddings") or _DEFAULT_WINDOW) - _SPECIAL
        )
        self.dimension = _dimension(folder, model)

    @cached_property
    def fingerprint(self) -> str:
        """Digest of the model's files and of how texts are cut and pooled."""
        digest = hashlib.blake2b(f"sentence-transformers chunked mean {self.window}".encode(), digest_size=32)
        try:
            for path in sorted({path for pattern in _MODEL_FILES for path in self._folder.glob(pattern)}):
                digest.update(path.relative_to(self._folder).as_posix().encode() + b"\0" + _file_digest(path).encode())
        except OSError as error:
            raise EncoderError(_unreadable(self._folder, error)) from error
        return digest.hexdigest()

    def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Character range of every token, without special tokens."""
        if not texts:
            return []
        return [encoding.offsets for encoding in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def encode_chunks(self, chunks: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Unit vectors (n, dimension)."""
        out = np.zeros((len(chunks), self.dimension), dtype=np.float32)
        step = _STEP * self._batch_size
        for low in range(0, len(chunks), step):
            part = list(chunks[low : low + step])
            out[low : low + len(part)] = self._model.encode(
                part,
                batch_size=self._batch_size,
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
            if progress:
                progress.advance(len(part))
        return out

    @cached_property
    def _tokenizer(self) -> Any:  # noqa: ANN401 - tokenizers is untyped
        from tokenizers import Tokenizer

        path = self._folder / "tokenizer.json"
        if not path.is_file():
            raise EncoderError(
                f"{self._folder} has no tokenizer.json; only models with a fast tokenizer are supported."
            )
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises nothing narrower
            raise EncoderError(f"{path} is damaged: {_first_line(error)}.") from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _model(self) -> Any:  # noqa: ANN401 - an optional, untyped import
        if self._weights is not None and (found := _file_digest(self._folder / "model.safetensors")) != self._weights:
            raise EncoderError(
                f"The weights of {self.name} in {self._folder} have sha256 {found[:16]}…, expected {self._weights[:16]}…. "
                "Reinstall them."
            )
        with _offline():
            import torch
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging

            logging.disable_progress_bar()  # it would run across ours

            if self._threads:
                torch.set_num_threads(self._threads)
            try:
                return SentenceTransformer(str(self._folder), device="cpu", local_files_only=True)
            except Exception as error:  # damaged weights are another exception in every format
                raise EncoderError(f"The model in {self._folder} cannot be loaded: {_first_line(error)}") from error


def open_folder(spec: str, *, batch_size: int = 32, threads: int | None = None) -> SentenceTransformerEncoder:
    """A model by folder, or by name from the local hub cache. Nothing is downloaded. Raises EncoderError."""
    folder = Path(spec).expanduser()
    try:
        if not (folder / "config.json").is_file() and not (folder / "modules.json").is_file():
            folder = _cached(spec)
    except OSError as error:
        raise EncoderError(_unreadable(folder, error)) from error
    return SentenceTransformerEncoder(folder, spec, batch_size=batch_size, threads=threads)


def _cached(spec: str) -> Path:
    hint = "Use minilm, static, or the folder of a sentence-transformers model."
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    for name in (spec, f"sentence-transformers/{spec}"):
        try:
            return Path(snapshot_download(name, local_files_only=True))
        except (LocalEntryNotFoundError, HFValidationError, OSError):
            continue
    raise EncoderError(
        f"No encoder {spec!r}: it is no known name, no model folder, and not in the local model cache. {hint}"
    )


def _dimension(folder: Path, model: dict[str, Any]) -> int:
    pooling = _json(folder / "1_Pooling" / "config.json")
    found = pooling.get("word_embedding_dimension") or pooling.get("embedding_dimension") or model.get("hidden_size")
    for dense in sorted(folder.glob("*_Dense/config.json")):
        found = _json(dense).get("out_features", found)
    if not found:
        raise EncoderError(f"{folder} is no sentence-transformers model: its vectors' dimension is stated nowhere.")
    return int(found)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        return {}
    except ValueError as error:
        raise EncoderError(f"{path} is damaged: {error}.") from error
    return found if isinstance(found, dict) else {}


def _unreadable(folder: Path, error: OSError) -> str:
    return f"The model in {folder} cannot be read: {cause(error)}. Give this user the right to, or name another."


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _offline() -> Iterator[None]:
    """No network while a model loads, whatever the environment says."""
    before = os.environ.get("HF_HUB_OFFLINE")
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["HF_HUB_OFFLINE"]
        else:
            os.environ["HF_HUB_OFFLINE"] = before
