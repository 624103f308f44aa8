"""The cache and the chunking, over an encoder whose vectors can be computed by hand."""

import errno
import hashlib
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.encoders import cache
from matchmaker.encoders.cache import CachedEncoder, default_cache_dir
from matchmaker.encoders.chunking import chunks
from matchmaker.errors import StorageError


class Words:
    """Tokens are words; a chunk's vector is drawn from its digest."""

    name, dimension, fingerprint = "words", 4, "f" * 64

    def __init__(self, window=8):
        self.window, self.seen = window, []

    def offsets(self, texts):
        return [[match.span() for match in re.finditer(r"\w+|[^\w\s]", text)] for text in texts]

    def encode_chunks(self, chunks, *, progress=None):
        self.seen.extend(chunks)
        return np.array([vector(chunk) for chunk in chunks], dtype=np.float32).reshape(-1, 4)


def vector(text):
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    drawn = np.random.default_rng(seed).normal(size=4)
    return drawn / np.linalg.norm(drawn)


def segments(folder):
    return sorted((folder / "vectors" / ("f" * 32)).glob("*.keys"))


def test_a_second_encoder_on_the_folder_encodes_nothing(tmp_path):
    first = CachedEncoder(Words(), tmp_path)
    vectors = first.encode(["one", "two", "", "one"])
    inner = Words()
    second = CachedEncoder(inner, tmp_path)
    assert np.array_equal(second.encode(["", "one", "two"]), vectors[[2, 0, 1]])
    assert inner.seen == [] and second.stats == cache.Stats(hits=3, misses=0, encoded=0)
    np.testing.assert_allclose(vectors[0], vector("one"), atol=1e-6)


def test_another_fingerprint_shares_nothing(tmp_path):
    CachedEncoder(Words(), tmp_path).encode(["one"])
    inner = Words()
    inner.fingerprint = "e" * 64
    CachedEncoder(inner, tmp_path).encode(["one"])
    assert inner.seen == ["one"]


def test_two_open_encoders_see_what_the_other_wrote(tmp_path):
    one, other = CachedEncoder(Words(), tmp_path), CachedEncoder(Words(), tmp_path)
    one.encode(["a"])
    other.encode(["a", "b"])
    assert other.stats == cache.Stats(hits=1, misses=1, encoded=1)
    one.encode(["b"])
    assert one.stats == cache.Stats(hits=1, misses=1, encoded=1)


def cut(path):
    path.write_bytes(path.read_bytes()[:-3])


def halve(path):
    path.write_bytes(path.read_bytes()[:40])


def empty(path):
    path.write_bytes(b"")


def other_shape(path):
    np.save(path, np.zeros((2, 5), dtype=np.float32))


def other_count(path):
    np.save(path, np.zeros((3, 4), dtype=np.float32))


def other_kind(path):
    np.save(path, np.zeros((2, 4), dtype=np.float64))


def pickled(path):
    np.save(path, np.array([{}, {}], dtype=object), allow_pickle=True)


def gone(path):
    path.unlink()


@pytest.mark.parametrize(
    ("ending", "damage"),
    [
        (".keys", cut),
        (".npy", cut),
        (".npy", halve),
        pytest.param(".npy", empty),
        (".npy", other_shape),
        (".npy", other_count),
        (".npy", other_kind),
        (".npy", pickled),
        (".npy", gone),
        (".keys", gone),
    ],
)
def test_a_torn_segment_is_passed_over(ending, damage, tmp_path):
    CachedEncoder(Words(), tmp_path).encode(["kept"])
    (whole,) = segments(tmp_path)
    first = CachedEncoder(Words(), tmp_path).encode(["one", "two"])
    (torn,) = set(segments(tmp_path)) - {whole}
    damage(torn.with_suffix(ending))
    inner = Words()
    assert np.array_equal(CachedEncoder(inner, tmp_path).encode(["one", "kept", "two"])[[0, 2]], first)
    assert sorted(inner.seen) == ["one", "two"]
    after = Words()
    assert np.array_equal(CachedEncoder(after, tmp_path).encode(["one", "two"]), first) and after.seen == []


def test_vectors_without_their_keys_do_not_count(tmp_path):
    CachedEncoder(Words(), tmp_path).encode(["one"])
    (keys,) = segments(tmp_path)
    keys.rename(keys.with_suffix(".tmp"))
    inner = Words()
    CachedEncoder(inner, tmp_path).encode(["one"])
    assert inner.seen == ["one"]


def test_many_small_segments_are_folded_into_one(tmp_path):
    texts = [f"text {n}" for n in range(70)]
    writer = CachedEncoder(Words(), tmp_path)
    vectors = np.concatenate([writer.encode([text]) for text in texts])
    assert len(segments(tmp_path)) < 10
    inner = Words()
    reader = CachedEncoder(inner, tmp_path)
    assert np.array_equal(reader.encode(texts), vectors) and inner.seen == []
    assert np.array_equal(writer.encode(texts), vectors) and writer.stats.encoded == 70
    names = {path.stem for path in segments(tmp_path)}
    assert {path.stem for path in segments(tmp_path)[0].parent.glob("*.npy")} == names


def test_an_open_reader_survives_the_folding(tmp_path):
    reader = CachedEncoder(Words(), tmp_path)
    first = reader.encode(["first"])
    writer = CachedEncoder(Words(), tmp_path)
    for number in range(80):
        writer.encode([f"text {number}"])
    assert np.array_equal(reader.encode(["first"]), first) and reader.stats.encoded == 1


def test_a_build_that_is_cut_off_keeps_its_finished_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "_BLOCK", 10)

    class Tired(Words):
        def encode_chunks(self, chunks, *, progress=None):
            if len(self.seen) >= 30:
                raise KeyboardInterrupt
            return super().encode_chunks(chunks, progress=progress)

    texts = [f"text {n}" for n in range(45)]
    with pytest.raises(KeyboardInterrupt):
        CachedEncoder(Tired(), tmp_path).encode(texts)
    again = CachedEncoder(Words(), tmp_path)
    vectors = again.encode(texts)
    assert (again.stats.hits, again.stats.encoded) == (30, 15)
    np.testing.assert_allclose(vectors, [vector(text) for text in texts], atol=1e-6)


def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="MATCHMAKER_CACHE_DIR"):
        CachedEncoder(Words(), tmp_path / "file").encode(["one"])


def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    encoder = CachedEncoder(Words(), tmp_path)
    encoder.encode(["one"])
    before = sorted(segments(tmp_path)[0].parent.iterdir())
    monkeypatch.setattr(cache.os, "fsync", full)
    with pytest.raises(StorageError, match="the disk is full"):
        encoder.encode(["two"])
    assert sorted(segments(tmp_path)[0].parent.iterdir()) == before


def test_a_long_text_is_the_mean_of_its_chunks_weighted_by_tokens(tmp_path):
    text = "one two three four five six. seven eight nine"
    inner = Words(window=8)
    (found,) = CachedEncoder(inner, tmp_path).encode([text])
    assert inner.seen == ["one two three four five six.", "seven eight nine"]
    mean = (7 * vector(inner.seen[0]) + 3 * vector(inner.seen[1])) / 10
    np.testing.assert_allclose(found, mean / np.linalg.norm(mean), atol=1e-6)


def test_progress_counts_chunks(tmp_path):
    class Progress:
        def __init__(self):
            self.calls = []

        def start(self, what, total):
            self.calls.append((what, total))

        def advance(self, count):
            self.calls.append(count)

        def done(self):
            self.calls.append("done")

    progress = Progress()
    encoder = CachedEncoder(Words(), tmp_path)
    encoder.encode(["one", "", "w " * 16], progress=progress)
    assert progress.calls == [("Encoding texts", 3), "done"]
    encoder.encode(["one"], progress=progress)
    assert len(progress.calls) == 2


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["a", "bcd", "e.", "f!", "gg;", "x" * 20, "\n", "ü"]), max_size=60), st.integers(1, 12))
def test_chunks_hold_every_token_once_within_the_window(words, window):
    text, encoder = " ".join(words), Words(window)
    (parts,) = chunks([text], encoder)
    (offsets,) = encoder.offsets([text])
    tokens = [text[low:high] for low, high in offsets]
    if len(text.encode()) <= window:
        assert [part.text for part in parts] == ([text] if text.strip() else [])
        return
    found = [[part.text[low:high] for low, high in encoder.offsets([part.text])[0]] for part in parts]
    assert [token for one in found for token in one] == tokens
    assert [part.tokens for part in parts] == [len(one) for one in found]
    assert all(1 <= part.tokens <= window for part in parts)


def test_chunks_end_with_a_sentence_else_with_a_word():
    encoder = Words(window=6)
    (parts,) = chunks(["a b c d. e f g h i j k"], encoder)
    assert [part.text for part in parts] == ["a b c d.", "e f g h i j", "k"]
    (parts,) = chunks(["a b. c d e f g h i"], encoder)  # the sentence ends in the first half: too early
    assert [part.text for part in parts] == ["a b. c d e", "f g h i"]
    (parts,) = chunks(["a b c d e-f g"], encoder)
    assert [part.text for part in parts] == ["a b c d", "e-f g"]


def test_the_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("MATCHMAKER_CACHE_DIR", str(tmp_path / "x"))
    assert default_cache_dir() == tmp_path / "x"
    monkeypatch.delenv("MATCHMAKER_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(cache.sys, "platform", "linux")
    assert default_cache_dir() == tmp_path / "xdg" / "matchmaker"
    monkeypatch.setattr(cache.sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert default_cache_dir() == tmp_path / "local" / "matchmaker"
