import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.matching.learned.history import Links

pairs = st.lists(st.tuples(st.integers(-1, 7), st.integers(-1, 7)), max_size=30)


@given(pairs)
def test_links_are_counted_as_a_loop_counts_them(given_pairs):
    links, left_out = Links.clean(np.array(given_pairs, dtype=np.int64).reshape(-1, 2), 6)
    known = [tuple(sorted(one)) for one in given_pairs if 0 <= min(one) and max(one) < 6]
    apart = [one for one in known if one[0] != one[1]]
    assert [tuple(one) for one in links.ends.tolist()] == sorted(set(apart))
    assert left_out == {
        "unknown": len(given_pairs) - len(known),
        "self": len(known) - len(apart),
        "repeated": len(apart) - len(set(apart)),
    }
    assert np.allclose(links.strength, [np.log2(1 + apart.count(tuple(one))) for one in links.ends.tolist()])
    dense = links.adjacency().toarray()
    assert np.array_equal(dense, dense.T)
    assert np.array_equal(dense.sum(axis=1), links.degree())
    assert np.array_equal(links.adjacency(weighed=True).toarray() > 0, dense > 0)


def test_no_pair_teaches_without_bound():
    links, _ = Links.clean(np.array([[0, 1], [1, 2]]), 3, np.array([1.0, 1e6]))
    assert links.strength.tolist() == [1.0, np.log2(1 + 1e6)]
    assert links.strength[1] < 20


def test_hidden_links_are_gone_with_their_strength():
    links, _ = Links.clean(np.array([[0, 1], [1, 2], [2, 3]]), 4, np.array([1.0, 3.0, 7.0]))
    rest = links.without(np.array([False, True, False]))
    assert rest.ends.tolist() == [[0, 1], [2, 3]]
    assert rest.strength.tolist() == [1.0, 3.0]
