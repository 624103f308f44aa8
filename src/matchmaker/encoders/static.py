"""A static encoder distilled from the default one: a vector a token, made once; then no model and no torch.

Every token of the vocabulary goes through the model once; PCA to 256 dimensions; a token's weight falls with its
frequency, for which its rank in the vocabulary stands by Zipf's law (SIF: Arora, Liang and Ma 2017, ICLR). A text is the
weighted mean of its tokens. The idea of distilling a sentence encoder this way is that of model2vec; the code is our own.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.disk import cause, save_array
from matchmaker.encoders.minilm import WEIGHTS, model_folder, open_minilm
from matchmaker.errors import EncoderError, StorageError

if TYPE_CHECKING:
    from matchmaker.progress import Progress

DIMENSION = 256
_SIF = 1e-4
_RECIPE = "static 1: tokens alone, PCA 256, SIF 1e-4"


class StaticEncoder:
    """Token vectors as a `ChunkEncoder`. Distilled on the first text when the folder does not hold them yet."""

    name = "static"
    dimension = DIMENSION
    window = 1 << 30

    def __init__(self, folder: Path, *, batch_size: int = 32, threads: int | None = None) -> None:
        self._folder, self._batch_size, self._threads = folder, batch_size, threads
        self._fingerprint = hashlib.blake2b(f"{_RECIPE} {WEIGHTS}".encode(), digest_size=32).hexdigest()

    @property
    def fingerprint(self) -> str:
        """Digest of the recipe and of the weights it is distilled from."""
        return self._fingerprint

    def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Character range of every token."""
        return [encoding.offsets for encoding in self._tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def encode_chunks(self, chunks: Sequence[str], *, progress: Progress | None = None) -> NDArray[np.float32]:
        """Unit vectors (n, 256); a chunk without a known token gives the zero vector."""
        vectors = self._vectors
        out = np.zeros((len(chunks), DIMENSION), dtype=np.float32)
        for place, encoding in enumerate(self._tokenizer.encode_batch(list(chunks), add_special_tokens=False)):
            if encoding.ids:
                out[place] = vectors[encoding.ids].mean(axis=0)
        if progress:
            progress.advance(len(chunks))
        length = np.linalg.norm(out, axis=1, keepdims=True)
        return np.asarray(out / np.where(length > 0, length, 1.0), dtype=np.float32)

    @cached_property
    def _tokenizer(self) -> Any:  # noqa: ANN401 - tokenizers is untyped
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _vectors(self) -> NDArray[np.float32]:
        path = self._folder / f"static-{self.fingerprint[:16]}"
        if not (path / "manifest.json").is_file():
            self._distil(path)
        try:
            return np.load(path / "vectors.npy", allow_pickle=False)  # type: ignore[no-any-return]
        except (OSError, ValueError, EOFError) as error:
            raise EncoderError(f"{path} is damaged ({error}). Delete it: it is distilled again.") from error

    def _distil(self, target: Path) -> None:
        """Make the token vectors and put them in place whole. Raises StorageError."""
        vocabulary = self._tokenizer.get_vocab()
        tokens = sorted(vocabulary, key=vocabulary.__getitem__)
        teacher = open_minilm(cache_dir=self._folder, batch_size=256, threads=self._threads)
        texts, place = np.unique([token.removeprefix("##") for token in tokens], return_inverse=True)
        raw = teacher.encode_chunks(texts.tolist()).astype(np.float64)[place]  # one in ten is a word and a part of one
        rank = np.arange(1, len(tokens) + 1)
        frequency = (1.0 / rank) / np.sum(1.0 / rank)
        centred = raw - raw.mean(axis=0)
        values, axes = np.linalg.eigh(centred.T @ centred)
        axes = axes[:, np.argsort(-values)[:DIMENSION]]
        vectors = ((centred @ axes) * (_SIF / (_SIF + frequency))[:, None]).astype(np.float32)
        temporary: Path | None = None
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary = Path(tempfile.mkdtemp(prefix=".static-", dir=self._folder))
            with (temporary / "vectors.npy").open("wb") as file:
                save_array(file, vectors)
            (temporary / "manifest.json").write_text(
                json.dumps({"recipe": _RECIPE, "tokens": len(tokens)}), encoding="utf-8"
            )
            try:
                os.rename(temporary, target)
            except OSError:  # another process was quicker; its vectors are the same
                if not (target / "manifest.json").is_file():
                    raise
        except OSError as error:
            raise StorageError(
                f"Could not write the static encoder to {target}: {cause(error)}. "
                "Free space, or set MATCHMAKER_CACHE_DIR to another folder."
            ) from error
        finally:
            if temporary is not None:
                shutil.rmtree(temporary, ignore_errors=True)


def open_static(*, cache_dir: Path, batch_size: int = 32, threads: int | None = None) -> StaticEncoder:
    """The static encoder; its token vectors are distilled once into `cache_dir`."""
    return StaticEncoder(cache_dir, batch_size=batch_size, threads=threads)
