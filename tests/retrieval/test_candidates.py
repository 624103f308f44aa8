import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.retrieval.candidates import ChannelResult, union


def result(name, ids):
    return ChannelResult(name, np.array(ids, dtype=np.int64))


def test_by_hand():
    found = union([result("terms", [7, 2]), result("goals", []), result("peers", [2, 5])])
    assert found.ids.tolist() == [2, 5, 7] and found.ids.dtype == np.int64
    assert found.found_by.tolist() == [0b101, 0b100, 0b001]
    assert found.tags() == {2: ("terms", "peers"), 5: ("peers",), 7: ("terms",)}
    assert found.tag(2) == ("terms", "peers") and found.channels == ("terms", "goals", "peers")


def test_nothing():
    for found in (union([]), union([result("a", [])])):
        assert found.ids.tolist() == [] and found.tags() == {}


@given(st.lists(st.lists(st.integers(0, 40), unique=True, max_size=20), max_size=12))
def test_equals_sets(channels):
    found = union([result(f"c{place}", ids) for place, ids in enumerate(channels)])
    rows = sorted(set().union(*channels))
    assert found.ids.tolist() == rows
    assert found.tags() == {row: tuple(f"c{p}" for p, ids in enumerate(channels) if row in ids) for row in rows}
