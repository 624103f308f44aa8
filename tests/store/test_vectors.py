import numpy as np

from matchmaker.store.vectors import StoreEncoder
from tests.conftest import WordEncoder


class Counting(WordEncoder):
    def __init__(self):
        super().__init__()
        self.asked = []

    def encode(self, texts, *, progress=None):
        self.asked += texts
        return super().encode(texts)


def opened(database, inner):
    return StoreEncoder(database, inner.name, inner.fingerprint, inner.dimension, lambda: inner)


def never():
    raise AssertionError("the model was opened")


def test_each_text_is_encoded_once_for_all(database):
    inner = Counting()
    one, other = opened(database, inner), opened(database, inner)
    texts = ["returns", "tax", "returns", "", "lone \ud800"]
    first = one.encode(texts)
    assert np.allclose(first[:4], WordEncoder().encode(texts[:4]))
    assert np.array_equal(other.encode(texts[::-1]), first[::-1])
    assert len(inner.asked) == 4


def test_no_model_is_opened_for_what_is_known(database):
    inner = Counting()
    known = opened(database, inner).encode(["returns"])
    encoder = StoreEncoder(database, inner.name, inner.fingerprint, inner.dimension, never)
    assert np.array_equal(encoder.encode(["returns"]), known)
    assert encoder.encode([]).shape == (0, inner.dimension)


def test_another_encoder_has_vectors_of_its_own(database):
    inner = Counting()
    opened(database, inner).encode(["returns"])
    StoreEncoder(database, "other", "another", inner.dimension, lambda: inner).encode(["returns"])
    assert inner.asked == ["returns", "returns"]


def test_a_thousand_texts_are_looked_up_in_parts(database):
    inner = Counting()
    texts = [f"word{number}" for number in range(1_201)]
    first = opened(database, inner).encode(texts)
    encoder = StoreEncoder(database, inner.name, inner.fingerprint, inner.dimension, never)
    assert np.array_equal(encoder.encode(texts), first)
