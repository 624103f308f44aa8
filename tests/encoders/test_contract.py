"""What every encoder promises, over all that are packaged."""

import json
import os
import random
import shutil
import subprocess
import sys

import numpy as np
import pytest

from matchmaker.encoders import open_encoder
from matchmaker.encoders.chunking import chunks
from matchmaker.encoders.minilm import WEIGHTS, model_folder, open_minilm
from matchmaker.encoders.sentence_transformer import SentenceTransformerEncoder
from matchmaker.errors import EncoderError

TEXTS = [
    "Sells shoes online and ships them within a day.",
    "Returns software for fashion shops",
    "Accounting",
    "Rücksendungen für Händler; Grüße aus Köln",
    "東京の物流会社",
    "שלום עולם",
    "emoji 🚚📦 and e\u0301 and ﬁ",
    "a" * 300,
    "word " * 90,
    "1 2 3",
]
DIMENSIONS = {"minilm": 384, "static": 256}


def test_shape_kind_and_length(spec, loaded):
    vectors = loaded.encode(TEXTS)
    assert vectors.dtype == np.float32 and vectors.shape == (len(TEXTS), DIMENSIONS[spec])
    assert (loaded.name, loaded.dimension) == (spec, DIMENSIONS[spec])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert np.linalg.matrix_rank(vectors) == len(TEXTS)


def test_the_same_text_gives_the_same_vector(fresh):
    assert np.array_equal(fresh().encode(TEXTS), fresh().encode(TEXTS))


def test_the_batch_size_changes_nothing(fresh):
    one, many = fresh(batch_size=1).encode(TEXTS), fresh(batch_size=7).encode(TEXTS)
    np.testing.assert_allclose(one, many, atol=1e-5)


def test_neighbours_change_nothing(fresh):
    encoder = fresh()
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(alone, fresh().encode(TEXTS), atol=1e-5)


def test_vectors_follow_the_order_of_the_texts(fresh):
    vectors = fresh().encode(TEXTS)
    order = list(range(len(TEXTS))) * 2
    random.Random(4).shuffle(order)
    np.testing.assert_allclose(fresh().encode([TEXTS[place] for place in order]), vectors[order], atol=1e-5)


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u2003\u00a0"])
def test_a_text_without_a_word_is_zero(text, fresh):
    vectors = fresh().encode([text, "word", text])
    assert not vectors[[0, 2]].any() and np.linalg.norm(vectors[1]) == pytest.approx(1.0, abs=1e-5)


def test_no_text_at_all(spec, fresh):
    vectors = fresh().encode([])
    assert vectors.shape == (0, DIMENSIONS[spec]) and vectors.dtype == np.float32


def test_meaning(loaded):
    query, near, far = loaded.encode(
        ["software for online shops", "an e-commerce platform for web stores", "horses graze in the meadow"]
    )
    assert query @ near > query @ far + 0.15


def test_every_distinct_text_is_encoded_once(fresh):
    encoder = fresh()
    encoder.encode(["a b", "c", "a b", "c", "a b"])
    assert (encoder.stats.hits, encoder.stats.misses, encoder.stats.encoded) == (0, 2, 2)
    encoder.encode(["c", "d", "c"])
    assert (encoder.stats.hits, encoder.stats.misses, encoder.stats.encoded) == (1, 3, 3)


def test_a_huge_text_is_pooled_and_not_cut(loaded, fresh):
    # Long words of one token each: much text for few windows, whose encoding takes the time.
    head = "Administrators acknowledged constitutional responsibilities. "
    tail = "Archaeologists photographed mediterranean invertebrates. "
    text = head * (100_000 // len(head)) + tail * (100_000 // len(tail) + 5)
    assert len(text) > 200_000
    (whole,) = fresh().encode([text])
    first, last = loaded.encode([head * 45, tail * 45])  # a window each
    assert np.linalg.norm(whole) == pytest.approx(1.0, abs=1e-5)
    assert first @ last < 0.4
    # Cut anywhere, it would hear of no animal, or of fewer than of offices.
    assert whole @ (first + last) / np.linalg.norm(first + last) > 0.95
    assert whole @ last > first @ last + 0.3


def test_chunks_keep_every_token_within_the_window(spec, loaded):
    backend = loaded._encoder
    text = "A sentence of some words, this is. " * 400 + "x" * 900 + " end"
    (parts,) = chunks([text], backend)
    assert all(part.tokens <= backend.window for part in parts)
    assert (len(parts) > 10) == (spec == "minilm")
    assert "".join("".join(part.text for part in parts).split()) == "".join(text.split())


def test_the_fingerprint_is_known_without_a_model(spec, loaded, tmp_path):
    encoder = open_encoder(spec, cache_dir=tmp_path, batch_size=5, threads=1)
    assert encoder.fingerprint == loaded.fingerprint and len(encoder.fingerprint) >= 32
    assert "_model" not in encoder._encoder.__dict__ and list(tmp_path.iterdir()) == []


def test_encoders_have_their_own_fingerprints(tmp_path):
    prints = {open_encoder(name, cache_dir=tmp_path).fingerprint for name in DIMENSIONS}
    assert len(prints) == len(DIMENSIONS)


SCRIPT = """
import json, sys
from pathlib import Path
from matchmaker.encoders import open_encoder
spec, folder, texts = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
encoder = open_encoder(spec, cache_dir=folder)
vectors = encoder.encode(texts)
heavy = [name for name in ("torch", "sentence_transformers", "transformers") if name in sys.modules]
print(json.dumps({"heavy": heavy, "encoded": encoder.stats.encoded, "hits": encoder.stats.hits, "v": vectors.tolist()}))
"""


def elsewhere(spec, folder, texts):
    """The answer of another process."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, spec, str(folder), json.dumps(texts)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_another_process_reads_the_cache_without_torch(spec, loaded, encoder_folder):
    vectors = loaded.encode(TEXTS)
    answer = elsewhere(spec, encoder_folder, TEXTS)
    assert answer["heavy"] == [] and answer["encoded"] == 0 and answer["hits"] == len(TEXTS)
    assert np.array_equal(np.array(answer["v"], dtype=np.float32), vectors)


def test_static_encodes_new_texts_without_torch(static, encoder_folder, tmp_path):
    (made,) = encoder_folder.glob("static-*")
    shutil.copytree(made, tmp_path / made.name)
    answer = elsewhere("static", tmp_path, TEXTS[:3])
    assert answer["heavy"] == [] and answer["encoded"] == 3
    np.testing.assert_allclose(answer["v"], static.encode(TEXTS[:3]), atol=1e-6)


def test_the_token_vectors_of_static(static, encoder_folder):
    (made,) = encoder_folder.glob("static-*")
    vectors = np.load(made / "vectors.npy", allow_pickle=False)
    manifest = json.loads((made / "manifest.json").read_text())
    assert vectors.dtype == np.float32 and vectors.shape == (manifest["tokens"], 256)
    assert not list(encoder_folder.glob(".static-*"))
    # A text is the mean of its tokens: the order of words says nothing.
    one, other = static.encode(["shoes red cheap", "cheap red shoes"])
    np.testing.assert_allclose(one, other, atol=1e-6)
    tokenizer = static._encoder._tokenizer
    mean = vectors[tokenizer.encode("red shoes", add_special_tokens=False).ids].mean(axis=0)
    np.testing.assert_allclose(static.encode(["red shoes"])[0], mean / np.linalg.norm(mean), atol=1e-6)


def test_weights_of_another_hash_are_refused(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(model_folder(), folder)
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(-100, os.SEEK_END)
        byte = file.read(1)
        file.seek(-100, os.SEEK_END)
        file.write(bytes([byte[0] ^ 1]))
    changed = SentenceTransformerEncoder(folder, "minilm", weights=WEIGHTS)
    with pytest.raises(EncoderError, match="Reinstall them"):
        changed.encode_chunks(["text"])
    assert changed.fingerprint != open_minilm(cache_dir=tmp_path).fingerprint


def test_the_packaged_weights_are_the_pinned_ones(minilm, tmp_path):
    again = SentenceTransformerEncoder(model_folder(), "minilm", weights=WEIGHTS)
    assert again.fingerprint == minilm.fingerprint
    np.testing.assert_allclose(again.encode_chunks(TEXTS[:2]), minilm.encode(TEXTS[:2]), atol=1e-5)
    with pytest.raises(EncoderError, match="expected 0000"):
        SentenceTransformerEncoder(model_folder(), "minilm", weights="0" * 64).encode_chunks(["text"])


@pytest.mark.parametrize("name", ["nonesuch", "no/such", "no/such/model", "", "../x", "MINILM", "a b"])
def test_an_unknown_name_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EncoderError, match="No encoder"):
        open_encoder(name, cache_dir=tmp_path)


def test_folders_that_are_no_model_are_refused(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EncoderError, match="no sentence-transformers model"):
        open_encoder(str(tmp_path), cache_dir=tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(EncoderError, match="damaged"):
        open_encoder(str(tmp_path), cache_dir=tmp_path)
    (tmp_path / "config.json").write_text('{"hidden_size": 8}')
    encoder = open_encoder(str(tmp_path), cache_dir=tmp_path)
    assert encoder.dimension == 8
    with pytest.raises(EncoderError, match=r"no tokenizer\.json"):
        encoder.encode(["word " * 1_000])
    with pytest.raises(EncoderError, match="cannot be loaded"):
        encoder.encode(["word"])


def test_a_folder_is_a_spec(minilm, tmp_path):
    encoder = open_encoder(str(model_folder()), cache_dir=tmp_path)
    assert encoder.fingerprint == minilm.fingerprint and encoder.dimension == 384


def test_a_lone_surrogate_is_no_crash(fresh):
    assert fresh().encode(["a\ud800b"]).any()


def test_static_gives_zero_without_a_token(static):
    assert not static.encode(["\u200b", "\x00"]).any()


def test_minilm_gives_zero_without_a_token(minilm):
    assert not minilm.encode(["\u200b" * 300]).any()
    assert not minilm.encode(["\u200b"]).any()
