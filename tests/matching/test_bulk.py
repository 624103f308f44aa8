"""The compiled loops against the array formulas, which are the oracle: equal to 1e-9, pair by pair, whatever the block."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker import Catalogue, Config, Interface, Matchmaker, Relation
from matchmaker.fitted import rival_pairs
from matchmaker.matching import compiled
from matchmaker.matching.bulk import BLOCK, PairScorer
from matchmaker.matching.ragged import Items
from matchmaker.matching.scales import KNOTS, Scales, percentile, read
from matchmaker.matching.scorer import score
from matchmaker.profiles.accounts import AccountTable
from tests.conftest import WordEncoder, make_partner

NUMBERS = ("mutual", "nats", "balance", "one_way", "fit_type")


def patchy(number):
    """A partner that leaves out what its number says, so that every kind of evidence is missing somewhere."""
    partner = make_partner(number)
    empty = {
        0: {"goals": ()},
        1: {"capabilities": ()},
        2: {"audience": ""},
        3: {"regions": ("global",)},
        4: {"categories": (), "industries": ("retail", "wholesale", "food", "toys")},
        5: {"description": "", "audience": "", "goals": (), "capabilities": (), "regions": (), "categories": ()},
        6: {"interface": Interface(), "company_sizes": (), "categories": ("returns", "shipping", "tax", "new")},
        7: {"integrations": tuple(f"p{other:03d}" for other in range(number % 5, 60, 7))},
    }.get(number % 11, {})
    return partner.model_copy(update=empty)


@pytest.fixture(scope="module")
def fitted():
    relations = [
        Relation(a="p000", b="p010", type="competitor", status="active"),
        Relation(a="p021", b="p003", type="competitor"),
        Relation(a="p002", b="p005", type="competitor", status="ended"),
        Relation(a="p002", b="p003", type="partnership", status="active"),
    ]
    rng = np.random.default_rng(4)
    partners = [patchy(number) for number in range(90)]
    owners = tuple(partner.id for partner in partners[:40] for _ in range(30))
    held = tuple(f"account{one}" for one in rng.integers(0, 120, len(owners)))
    blank = (None,) * len(owners)
    accounts = AccountTable(owners, held, ("customer",) * len(owners), blank, blank, blank, "key")
    catalogue = replace(Catalogue.from_partners(partners, relations), accounts=accounts)
    return Matchmaker(Config(), encoder=WordEncoder()).fit(catalogue).fitted


@pytest.fixture(scope="module")
def scorer(fitted):
    return PairScorer(fitted.space, fitted.config, rival_pairs(fitted.relations))


def oracle(fitted, a, b):
    """What the array formulas give: one call for each partner and all that it is paired with; `a` is sorted."""
    space, found = fitted.space, []
    for one in np.unique(a):
        others = b[a == one]
        rivals = fitted.rivals(fitted.relations.of(int(one)), others)
        found.append(score(space, fitted.config, space.side(int(one)), others, rivals))
    return found


def same(found, expected):
    for name in NUMBERS:
        ours = getattr(found, name)
        theirs = np.concatenate([getattr(one, name) for one in expected])
        if ours.dtype == np.float64:
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9, err_msg=name)
        else:
            assert ours.tolist() == theirs.tolist(), name
    np.testing.assert_allclose(found.value_to_a, np.concatenate([one.out.value for one in expected]), atol=1e-9)
    np.testing.assert_allclose(found.value_to_b, np.concatenate([one.back.value for one in expected]), atol=1e-9)


def test_every_pair_has_the_numbers_of_the_formulas(fitted, scorer):
    a, b = np.divmod(np.arange(90 * 90), 90)
    a, b = a[a != b], b[a != b]
    expected = oracle(fitted, a, b)
    known = ~np.isnan(np.concatenate([one.evidence.raw for one in expected], axis=2)[:, :, :2000])
    assert known.any(axis=(1, 2)).all(), "every kind of evidence is known somewhere"
    assert (~known).any(axis=(1, 2)).sum() >= 6
    same(scorer.score(a, b), expected)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 89), st.integers(0, 89)).filter(lambda pair: pair[0] != pair[1]), max_size=30))
def test_neither_order_nor_company_changes_a_pair(scorer, pairs):
    a, b = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    together = scorer.score(a, b)
    alone = [scorer.score(a[one : one + 1], b[one : one + 1]) for one in range(len(pairs))]
    for name in (*NUMBERS, "value_to_a", "value_to_b"):
        assert getattr(together, name).tolist() == [getattr(one, name)[0] for one in alone], name


def test_blocks_leave_no_seam(scorer):
    rng = np.random.default_rng(0)
    a = rng.integers(0, 90, BLOCK + 7)
    b = (a + rng.integers(1, 89, len(a))) % 90
    whole, last = scorer.score(a, b), scorer.score(a[-9:], b[-9:])
    assert whole.take(slice(-9, None)).mutual.tolist() == last.mutual.tolist()
    assert len(whole.fit_type) == len(a)


def test_competitors_are_known_from_both_sides(fitted, scorer):
    rows = fitted.rows
    a = np.array([rows["p000"], rows["p010"], rows["p003"]])
    b = np.array([rows["p010"], rows["p000"], rows["p021"]])
    assert scorer.score(a, b).fit_type.tolist() == ["competitor"] * 3


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(-4, 4), min_size=KNOTS, max_size=KNOTS),
    st.floats(-2, 12, allow_nan=False, width=32),
    st.sampled_from((0.0, 1e-6, -1e-6, 4e-6)),
)
def test_a_scale_is_read_as_the_arrays_read_it(knots, where, off):
    scale = Scales(np.sort(np.array(knots, dtype=np.float32)) / 4, np.float32([0.37])[0])
    for x in (float(where), scale.knots[7] + off, scale.knots[0] + off, scale.knots[-1] + off):
        ours, share = compiled._read(scale.knots[None, None], np.full((1, 1), scale.width), 0, 0, float(x))
        theirs = read(np.array([x], dtype=np.float64), scale.knots[:, None], np.array([scale.width]))
        assert ours == pytest.approx(theirs[0], abs=1e-12)
        assert share == pytest.approx(percentile(theirs)[0], abs=1e-12)


def test_gain_near_its_bar_is_not_missed():
    """Float32 sums say only where a gain is out of the question; just above the bar it is exact."""
    from matchmaker.matching.gain import directed_gain

    rng = np.random.default_rng(1)
    goals, offers = (rng.normal(size=(40, 384)) for _ in range(2))
    offers += goals
    goals, offers = ((one / np.linalg.norm(one, axis=1, keepdims=True)).astype(np.float32) for one in (goals, offers))
    exact = np.einsum("ij,ij->i", goals.astype(np.float64), offers.astype(np.float64))
    ends = np.arange(41)
    for near in (-2e-6, -1e-7, 0.0, 1e-7, 2e-6, 5e-5):
        floors = (exact + near).astype(np.float32)
        out = np.empty(40)
        compiled.gains(goals, ends, floors, offers, ends, np.arange(40), np.arange(40), out)
        expected = directed_gain(Items(goals, ends), floors, Items(offers, ends)).diagonal()
        np.testing.assert_allclose(out, expected, atol=1e-9)
