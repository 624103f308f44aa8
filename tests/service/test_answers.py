"""Answers at hand: the latest used ones, bounded in bytes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from matchmaker_service.answers import Answer, Answers


def answer(size, tag="t"):
    return Answer(b"x" * size, tag)


def test_what_was_put_is_found_and_nothing_else():
    kept = Answers()
    kept.put("a", answer(3, "1"))
    kept.put("a", answer(5, "2"))
    assert kept.get("a") == answer(5, "2")
    assert kept.get("b") is None


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.one_of(st.none(), st.integers(0, 12))), max_size=60))
def test_it_keeps_the_latest_used_that_fit(steps):
    kept, oracle = Answers(20), []
    for question, size in steps:
        known = dict(oracle)
        if size is None:
            assert kept.get(question) == known.get(question)
            if question in known:
                oracle = [one for one in oracle if one[0] != question] + [(question, known[question])]
            continue
        kept.put(question, answer(size))
        oracle = [one for one in oracle if one[0] != question] + [(question, answer(size))]
        while sum(len(one.body) for _, one in oracle) > 20:
            oracle.pop(0)
        assert all(kept._kept[name] == one for name, one in oracle) and len(kept._kept) == len(oracle)


def test_an_answer_larger_than_all_is_not_kept():
    kept = Answers(10)
    kept.put("small", answer(4))
    kept.put("large", answer(11))
    assert kept.get("large") is None


def test_many_threads_leave_it_whole():
    kept = Answers(1000)

    def use(number):
        for step in range(500):
            kept.put(f"{(number * step) % 50}", answer(step % 60))
            kept.get(f"{step % 50}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(8)))
    assert kept._held == sum(len(one.body) for one in kept._kept.values()) <= 1000
