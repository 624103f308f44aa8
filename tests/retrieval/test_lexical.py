import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from matchmaker.retrieval import lexical
from matchmaker.retrieval.lexical import LexicalIndex, terms

WORDS = ["ship", "Boxes", "label", "PRINT", "über", "東京", "a", "x2", "the", "return", "fast"]
texts = st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(", ".join), min_size=2, max_size=14)


def oracle(documents, fitted=None):
    """scikit-learn: the same analyser said in its own words, then idf to the power 1.5, then unit rows."""
    vectorizer = TfidfVectorizer(
        token_pattern=r"[^\W_]+", ngram_range=(1, 2), min_df=2, binary=True, smooth_idf=True, norm=None
    )
    vectorizer.fit(documents if fitted is None else fitted)
    weighed = vectorizer.transform(documents).toarray() * vectorizer.idf_**0.5
    return vectorizer.get_feature_names_out().tolist(), vectorizer.idf_, normalize(weighed)


def dense(index):
    out = np.zeros((len(index.offsets) - 1, len(index.vocabulary)))
    for row in range(len(out)):
        at, values = index.row(row)
        assert np.all(np.diff(at) > 0)
        out[row, at] = values
    return out


def has_terms(documents):
    found = [set(terms(document)) for document in documents]
    return any(sum(term in other for other in found) > 1 for one in found for term in one)


@settings(max_examples=150, deadline=None)
@given(texts)
def test_equals_scikit_learn(documents):
    index = LexicalIndex.fit(documents)
    if not has_terms(documents):
        assert index.vocabulary == [] and len(index.values) == 0
        return
    vocabulary, idf, matrix = oracle(documents)
    assert list(index.vocabulary) == vocabulary
    np.testing.assert_allclose(index.idf, idf, rtol=1e-6)
    np.testing.assert_allclose(dense(index), matrix, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(texts, texts)
def test_terms_are_learned_from_the_masked_rows_only(known, others):
    if not has_terms(known):
        return
    mask = np.array([True] * len(known) + [False] * len(others))
    index = LexicalIndex.fit([*known, *others], fit_mask=mask)
    vocabulary, idf, matrix = oracle([*known, *others], fitted=known)
    assert list(index.vocabulary) == vocabulary
    np.testing.assert_allclose(index.idf, idf, rtol=1e-6)
    np.testing.assert_allclose(dense(index), matrix, atol=1e-6)


@settings(max_examples=150, deadline=None)
@given(texts, st.lists(st.sampled_from([*WORDS, "unknown"]), max_size=8).map(" ".join), st.integers(1, 20), st.data())
def test_search_equals_sorting_all_pairs(documents, question, k, data):
    index = LexicalIndex.fit(documents)
    n = len(documents)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    query = index.vector(question)
    pairs = index.pairs(query, np.arange(n))
    assert np.all(pairs >= 0.0) and np.all(pairs <= 1.0)
    for allowed in (None, mask):
        near = [row for row in range(n) if pairs[row] > 0 and (allowed is None or allowed[row])]
        expected = sorted(near, key=lambda row: (-np.round(np.float32(pairs[row]), 6), row))[:k]
        scores, ids = index.search(query, k, allowed)
        np.testing.assert_allclose(scores, pairs[expected], atol=2e-6)
        np.testing.assert_allclose(scores, pairs[ids], atol=2e-6)
        assert len(set(ids.tolist())) == len(ids) and set(ids.tolist()) <= set(near)
        assert np.all(np.diff(np.round(scores, 6)) <= 0)


@settings(max_examples=80, deadline=None)
@given(texts)
def test_pairs_are_cosines(documents):
    index = LexicalIndex.fit(documents)
    matrix = dense(index)
    rows = np.arange(len(documents))[::-1]
    for row, document in enumerate(documents):
        query = index.vector(document)
        for one, other in zip(query, index.row(row), strict=True):
            assert np.array_equal(one, other)
        np.testing.assert_allclose(index.pairs(query, rows), (matrix @ matrix[row])[rows], atol=1e-6)
        if len(query[0]):
            assert index.pairs(query, np.array([row]))[0] == pytest.approx(1.0, abs=1e-6)


def test_by_hand():
    index = LexicalIndex.fit(["red red box", "red hat", "blue"])
    assert list(index.vocabulary) == ["red"]
    assert index.idf.tolist() == pytest.approx([1 + np.log(4 / 3)])
    scores, ids = index.search(index.vector("Red things"), 5)
    assert (scores.tolist(), ids.tolist()) == ([1.0, 1.0], [0, 1])
    assert index.search(index.vector("blue"), 5)[1].tolist() == []


def test_rare_words_weigh_more_than_frequent_ones():
    index = LexicalIndex.fit(["common rare"] * 2 + ["common"] * 20)
    at, values = index.vector("common rare")
    weight = dict(zip([index.vocabulary[place] for place in at], values.tolist(), strict=True))
    idf = dict(zip(index.vocabulary, index.idf.tolist(), strict=True))
    assert weight["rare"] / weight["common"] == pytest.approx((idf["rare"] / idf["common"]) ** 1.5, rel=1e-5)
    assert idf["rare"] > idf["common"]


def test_terms_by_hand():
    assert terms("A_b, Č9-x\n") == ["a", "b", "č9", "x", "a b", "b č9", "č9 x"]
    assert terms("") == terms(" ,._ ") == []
    assert terms("one") == ["one"]


def test_the_most_frequent_terms_are_kept(monkeypatch):
    monkeypatch.setattr(lexical, "MAX_TERMS", 3)
    documents = ["d", "d", "d", "c", "c", "b", "b", "a", "a"]
    frequency = {term: documents.count(term) for term in "abcd"}
    expected = sorted(sorted(frequency, key=lambda term: (-frequency[term], term))[:3])
    assert expected == ["a", "b", "d"] and list(LexicalIndex.fit(documents).vocabulary) == expected


def test_empty_texts_and_rows():
    index = LexicalIndex.fit(["", "red box", "", "red box", "..."])
    assert [len(index.row(row)[0]) for row in range(5)] == [0, 3, 0, 3, 0]
    assert index.pairs(index.vector("red box"), np.arange(5)).tolist() == pytest.approx([0, 1, 0, 1, 0])
    assert index.pairs(index.vector(""), np.arange(5)).tolist() == [0] * 5
    assert index.pairs(index.vector("red"), np.zeros(0, dtype=np.int64)).shape == (0,)
    none = LexicalIndex.fit([])
    assert none.search(none.vector("red"), 3)[1].tolist() == []


def test_arrays_make_the_same_index_again():
    index = LexicalIndex.fit(["red box", "red hat", "box hat red"])
    again = LexicalIndex.from_arrays(index.arrays(), index.vocabulary)
    for one, other in zip(
        index.search(index.vector("red hat"), 3), again.search(again.vector("red hat"), 3), strict=True
    ):
        assert np.array_equal(one, other)


@settings(max_examples=80, deadline=None)
@given(texts)
def test_shares_are_the_common_terms_by_what_they_add_to_the_cosine(documents):
    index = LexicalIndex.fit(documents)
    matrix, rows = dense(index), np.arange(len(documents))[::-1]
    for row in range(len(documents)):
        for other, found in zip(rows, index.shares(index.row(row), rows), strict=True):
            added = matrix[row] * matrix[other]
            assert set(found) == set(np.flatnonzero(added).tolist())
            assert np.all(np.diff(added[found]) <= 1e-6)


@given(texts)
def test_postings_are_the_same_entries_by_term(documents):
    index = LexicalIndex.fit(documents)
    turned = np.zeros((len(documents), len(index.vocabulary)))
    for term in range(len(index.vocabulary)):
        low, high = index.posted_offsets[term : term + 2]
        rows = index.posted_rows[low:high]
        assert np.all(np.diff(rows) > 0)
        turned[rows, term] = index.posted_values[low:high]
    assert np.array_equal(turned, dense(index))
