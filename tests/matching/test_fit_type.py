import itertools

import numpy as np
import pytest

from matchmaker.matching.fit_type import FIT_TYPES, fit_types

NAN = float("nan")


def kind(audience, redundancy, category=0.3, common=0.2, rival=False, likeness=0.7):
    one = [np.array([value]) for value in (audience, redundancy, category, common, likeness)]
    return fit_types(*one, np.array([rival]))[0]


@pytest.mark.parametrize(
    ("audience", "redundancy", "expected"),
    [
        (0.8, 0.4, "complement"),
        (0.8, 0.95, "competitor"),
        (0.2, 0.95, "expansion"),
        (0.2, 0.4, "stretch"),
        (0.5, 0.9, "competitor"),
        (0.499, 0.9, "expansion"),
        (0.5, 0.899, "complement"),
        (NAN, 0.4, "complement"),
        (NAN, 0.95, "competitor"),
        (0.8, NAN, "complement"),
        (0.2, NAN, "stretch"),
        (NAN, NAN, "complement"),
    ],
)
def test_the_table(audience, redundancy, expected):
    assert kind(audience, redundancy) == expected


@pytest.mark.parametrize("values", list(itertools.product((0.2, 0.8, NAN), (0.2, 0.95, NAN))))
def test_an_explicit_rival_is_a_competitor_whatever_else_is_known(values):
    assert kind(*values, rival=True) == "competitor"


def test_partners_of_other_kinds_are_alike_only_from_the_top_twentieth():
    assert kind(0.8, 0.92, common=0.0) == "complement"
    assert kind(0.8, 0.95, common=0.0) == "competitor"
    assert kind(0.8, 0.92, common=NAN) == "competitor"  # no categories are no other kind
    assert kind(0.8, 0.92, common=0.01) == "competitor"


def test_partners_of_one_rare_kind_are_alike_from_the_middle():
    assert kind(0.8, 0.5, category=0.9) == "competitor"
    assert kind(0.2, 0.5, category=0.9) == "expansion"
    assert kind(0.8, 0.49, category=0.9) == "complement"
    assert kind(0.8, 0.5, category=0.89) == "complement"
    assert kind(0.8, 0.5, category=NAN, common=NAN) == "complement"
    assert kind(0.8, NAN, category=0.99) == "complement"


def test_many_pairs_equal_one_at_a_time():
    levels = (0.1, 0.5, 0.6, 0.91, 0.96, NAN)
    rows = list(itertools.product(levels, levels, levels, (0.0, 0.4, NAN), (False, True)))
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    found = fit_types(*columns[:4], np.full(len(rows), 0.7), columns[4])
    assert found.tolist() == [kind(*row) for row in rows]
    assert set(found) == set(FIT_TYPES)


@pytest.mark.parametrize(
    ("common", "likeness", "expected"),
    [
        (NAN, 2.9, "complement"),
        (NAN, 3.0, "competitor"),
        (0.2, 3.0, "competitor"),
        (0.0, 4.4, "complement"),
        (0.0, 4.5, "competitor"),
    ],
)
def test_profiles_that_say_the_same_offer_the_same(common, likeness, expected):
    assert kind(0.8, 0.4, common=common, likeness=likeness) == expected
