import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from matchmaker.retrieval.texts import LIKENESS, Texts, best, fold

WORDS = st.lists(st.text("abc", min_size=1, max_size=4), min_size=1, max_size=3).map(" ".join)


def texts_of(texts):
    return Texts(texts, texts, np.arange(len(texts)))


def told(hits):
    return sorted((int(row), round(float(score), 6)) for row, score in zip(hits.rows, hits.scores, strict=True))


@given(st.lists(WORDS, min_size=1, max_size=12), WORDS)
@example(["ab", "ab abc", "ab", "b"], "ab")
def test_every_way_against_a_loop_over_all_texts(texts, query):
    held, asked = texts_of(texts), query.split()
    share = lambda text: len(query) / len(text)  # noqa: E731
    every = list(enumerate(texts))
    assert told(held.exact(query)) == [(n, 1.0) for n, text in every if text == query]
    assert told(held.prefix(query)) == [
        (n, round(0.9 + 0.09 * share(text), 6)) for n, text in every if text.startswith(query)
    ]
    assert told(held.words(query)) == [
        (n, round(0.8 + 0.09 * min(share(text), 1), 6))
        for n, text in every
        if all(any(word.startswith(one) for word in text.split()) for one in asked)
    ]
    likely = []
    for n, text in every:
        alike = [fuzz.ratio(query, text) / 100]
        if len(asked) == 1:
            alike += [
                near * (0.9 + 0.1 * len(word) / len(text))
                for word in text.split()
                if (near := fuzz.ratio(query, word) / 100) >= LIKENESS
            ]
        likely.append((n, max(alike), alike[0]))
    found = held.fuzzy(query)
    highest = {}
    for row, score in zip(found.rows, found.scores, strict=True):
        highest[int(row)] = max(highest.get(int(row), 0), float(score) / 0.79)
    assert highest == {
        n: pytest.approx(high, abs=1e-6) for n, high, whole in likely if high > whole or whole >= LIKENESS
    }


@given(
    st.lists(st.tuples(WORDS, st.sampled_from([np.nan, 0.1, 0.5])), min_size=1, max_size=12), WORDS, st.integers(1, 5)
)
def test_the_best_against_sorting_everything(partners, query, k):
    texts, size = [text for text, _ in partners], np.array([one for _, one in partners], dtype=np.float32)
    ids = [f"i{(n * 7) % 13:02d}" for n in range(len(texts))]
    held = texts_of(texts)
    hits = [held.exact(query), held.prefix(query), held.words(query), held.fuzzy(query)]
    allowed = np.arange(len(texts)) % 3 != 2
    highest = {}
    for one in hits:
        for row, score in zip(one.rows.tolist(), np.round(one.scores, 6).tolist(), strict=True):
            if allowed[row]:
                highest[row] = max(highest.get(row, 0), score)
    order = sorted(highest, key=lambda row: (-highest[row], -np.nan_to_num(size[row], nan=-1), ids[row]))[:k]
    found = best(hits, allowed, size, ids, k)
    assert [(row, score) for row, score, *_ in found] == [(row, highest[row]) for row in order]
    assert all(matched == texts[row] for row, _, _, matched in found)


@given(st.text())
def test_folding_twice_changes_nothing_and_no_line_is_broken(text):
    once = fold(text)
    assert fold(once) == once
    assert "\n" not in once and once == once.strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Café-Crème  GmbH", "cafe creme gmbh"), ("ŁÓDŹ", "lodz"), ("Straße", "strasse"), ("Œuvre Ænima", "oeuvre aenima"),
        ("AT&T", "at t"), ("A.B_c", "a b c"), ("東京 ガス", "東京 カス"), ("\tx\n", "x"), ("++ +", "++ +"), ("", ""),
    ],
)  # fmt: skip
def test_known_folds(text, expected):
    assert fold(text) == expected


def test_nothing_to_search_in():
    held = texts_of([])
    for hits in (held.exact("a"), held.prefix("a"), held.words("a"), held.fuzzy("a")):
        assert len(hits.rows) == 0
    assert best([], np.zeros(0, dtype=bool), np.zeros(0), [], 5) == []
