import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.matching.ragged import LabelSets

LETTERS = "abcdefg"
ROWS = st.lists(st.lists(st.sampled_from(LETTERS), max_size=5), min_size=1, max_size=8)
ASKED = st.lists(st.sampled_from(LETTERS + "z"), max_size=5)


def weights_of(rows):
    sets = [set(row) for row in rows]
    return {label: math.log(1 + len(rows) / sum(label in row for row in sets)) for label in set().union(*sets)}


@given(ROWS)
def test_weights_equal_the_formula(rows):
    sets = LabelSets.fit(rows)
    expected = weights_of(rows)
    assert dict(zip(sets.labels, sets.weights, strict=True)) == pytest.approx(expected)


@given(ROWS, ASKED)
def test_shared_weight_equals_sets(rows, asked):
    sets, weight = LabelSets.fit(rows), weights_of(rows)
    common, theirs = sets.shared(sets.encode(asked), np.arange(len(rows))), sets.own
    assert common == pytest.approx([sum(weight[x] for x in set(row) & set(asked)) for row in rows], abs=1e-6)
    assert theirs == pytest.approx([sum(weight[x] for x in set(row)) for row in rows], abs=1e-6)


@given(ROWS, ASKED, st.randoms(use_true_random=False))
def test_shared_weight_does_not_depend_on_who_else_is_asked(rows, asked, random):
    sets = LabelSets.fit(rows)
    some = [random.randrange(len(rows)) for _ in range(5)]
    whole = sets.jaccard(sets.encode(asked), np.arange(len(rows)))
    np.testing.assert_allclose(sets.jaccard(sets.encode(asked), np.array(some)), whole[some], atol=1e-12)


@given(ROWS)
def test_the_rarest_label_leads_and_the_first_name_breaks_ties(rows):
    sets, weight = LabelSets.fit(rows), weights_of(rows)
    for row, labels in enumerate(map(set, rows)):
        if labels:
            expected = min(labels, key=lambda label: (-round(weight[label], 9), label))
            assert sets.labels[sets.leading[row]] == expected
        else:
            assert sets.leading[row] == -1


def test_labels_differ_neither_by_case_nor_by_blanks():
    sets = LabelSets.fit([[" Returns", "returns "], ["RETURNS"], [" "]])
    assert sets.labels == ("returns",)
    assert sets.jaccard(sets.encode(["Returns"]), np.arange(3))[:2] == pytest.approx([1.0, 1.0])


def test_a_label_of_nobody_counted_weighs_like_one_of_a_single_partner():
    sets = LabelSets.fit([["a"], ["b"]], counted=np.array([True, False]))
    assert sets.weights == pytest.approx([math.log(2), math.log(2)])


@given(ROWS, ASKED)
def test_the_rows_that_share_a_label_and_what_they_share(rows, asked):
    sets = LabelSets.fit(rows)
    query = sets.encode(asked)
    found, weight = sets.sharing(query)
    common = sets.shared(query, np.arange(len(rows)))
    assert found.tolist() == np.flatnonzero(common > 0).tolist()
    assert weight == pytest.approx(common[found], abs=1e-6)
