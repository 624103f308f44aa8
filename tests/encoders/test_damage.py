import os
import shutil
import types

import numpy as np
import pytest

from matchmaker.encoders import static
from matchmaker.encoders.cache import CachedEncoder
from matchmaker.encoders.minilm import model_folder
from matchmaker.encoders.sentence_transformer import open_folder
from matchmaker.errors import EncoderError, StorageError


@pytest.fixture
def model(tmp_path):
    """The packaged model's small files, without its weights."""
    folder = tmp_path / "model"
    shutil.copytree(model_folder(), folder, ignore=shutil.ignore_patterns("*.safetensors"))
    return folder


def test_a_damaged_tokenizer_is_named(model):
    (model / "tokenizer.json").write_text('{"version": ')
    with pytest.raises(EncoderError, match=r"tokenizer\.json is damaged: "):
        open_folder(str(model)).offsets(["a text"])


def test_damaged_settings_are_named(model):
    (model / "config.json").write_text("{")
    with pytest.raises(EncoderError, match=r"config\.json is damaged: "):
        open_folder(str(model))


def test_a_model_that_may_not_be_read_is_an_encoder_error(model, monkeypatch):
    def locked(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    encoder = open_folder(str(model))
    monkeypatch.setattr("matchmaker.encoders.sentence_transformer._file_digest", locked)
    with pytest.raises(EncoderError, match="cannot be read: Permission denied"):
        _ = encoder.fingerprint


@pytest.fixture
def teacher(monkeypatch):
    """Stands in for the model that the static encoder is distilled from."""

    def encode_chunks(texts):
        return np.random.default_rng(0).normal(size=(len(texts), 300))

    monkeypatch.setattr(static, "open_minilm", lambda **_: types.SimpleNamespace(encode_chunks=encode_chunks))


def test_a_distillation_that_the_disk_refuses_leaves_nothing(teacher, tmp_path, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(static, "save_array", full)
    with pytest.raises(StorageError, match=r"the disk is full\. Free space, or set MATCHMAKER_CACHE_DIR"):
        static.open_static(cache_dir=tmp_path / "cache").encode_chunks(["a text"])
    assert os.listdir(tmp_path / "cache") == []


def test_damaged_static_vectors_say_what_to_delete(teacher, tmp_path):
    static.open_static(cache_dir=tmp_path).encode_chunks(["a text"])
    [path] = tmp_path.glob("static-*/vectors.npy")
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(EncoderError, match=r"static-\w+ is damaged .* Delete it"):
        static.open_static(cache_dir=tmp_path).encode_chunks(["a text"])


def test_a_cache_that_cannot_be_written_stops_before_anything_is_encoded(tmp_path):
    class Never:
        name, dimension, window, fingerprint = "never", 4, 64, "never"

        def encode_chunks(self, chunks, *, progress=None):
            raise AssertionError("encoded for nothing")

    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StorageError, match="Could not write text vectors"):
        CachedEncoder(Never(), tmp_path / "file").encode(["a text"])
