import numpy as np
import pytest

from matchmaker import Matchmaker, Partner
from matchmaker.matching.evidence import (
    KINDS,
    SYMMETRIC,
    dense_evidence,
    gain_matrix,
    lexical_strength,
    pair_evidence,
    sparse_evidence,
)
from tests.matching.worlds import ENCODER, Oracle, fitted_world, make_world

SEEDS = (0, 1, 2)
CLOSE = {"rtol": 0, "atol": 3e-6, "equal_nan": True}


def everyone(space):
    return np.arange(len(space))


def outward(space, row, others):
    """What each of `others` is worth to a partner: kind -> raw evidence."""
    return dict(zip(KINDS, pair_evidence(space, space.side(row), others).raw[:, 0], strict=True))


def of_regions(*regions):
    partners = [Partner(id=f"r{place}", name=f"R{place}", regions=one) for place, one in enumerate(regions)]
    space = Matchmaker(encoder=ENCODER).fit(partners).fitted.space
    return outward(space, 0, everyone(space))["fit"]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_kind_equals_the_formula_for_one_pair_at_a_time(seed):
    engine = fitted_world(seed)
    space, oracle = engine.fitted.space, Oracle(make_world(seed), engine)
    for row in everyone(space):
        found = pair_evidence(space, space.side(int(row)), everyone(space))
        for place, kind in enumerate(KINDS):
            expected = [oracle.raw(kind, row, other) for other in everyone(space)]
            np.testing.assert_allclose(found.raw[place, 0], expected, **CLOSE, err_msg=f"{kind} of {row}")
            inward = [oracle.raw(kind, other, row) for other in everyone(space)]
            np.testing.assert_allclose(found.raw[place, 1], inward, **CLOSE, err_msg=f"{kind} back to {row}")
        assert found.strength == pytest.approx([oracle.strength(row, other) for other in everyone(space)])


def test_the_worlds_hold_known_and_unknown_evidence_of_every_kind():
    space = fitted_world(0).fitted.space
    found = [outward(space, row, everyone(space)) for row in range(len(space))]
    for kind in KINDS:
        values = np.concatenate([one[kind] for one in found])
        assert len(np.unique(values[~np.isnan(values)])) > 5
        assert kind in ("topic", "summary", "lexical") or np.isnan(values).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_sparse_dense_and_matrix_forms_agree_with_pairs(seed):
    space = fitted_world(seed).fitted.space
    rows, others = everyone(space), everyone(space)[::-2]
    dense = dense_evidence(space, rows, others)
    gains = gain_matrix(space, rows, space.capabilities.take(others))
    for place, row in enumerate(rows):
        alone = outward(space, int(row), others)
        parts = {kind: values[place] for kind, values in dense.items()}
        parts |= sparse_evidence(space, space.side(int(row), asking=False), others) | {"gain": gains[place]}
        assert set(parts) == set(KINDS)
        for kind, values in parts.items():
            np.testing.assert_allclose(values, alone[kind], rtol=0, atol=1.1e-6, equal_nan=True, err_msg=kind)


def test_symmetric_kinds_are_the_same_from_both_sides():
    space = fitted_world(1).fitted.space
    tables = {
        kind: np.array([outward(space, row, everyone(space))[kind] for row in range(len(space))]) for kind in SYMMETRIC
    }
    for kind, table in tables.items():
        np.testing.assert_allclose(table, table.T, rtol=0, atol=1.1e-6, equal_nan=True, err_msg=kind)


def test_gain_is_directed():
    space = fitted_world(1).fitted.space
    there = gain_matrix(space, everyone(space), space.capabilities)
    assert np.nanmax(np.abs(there - there.T)) > 0.1


def test_a_region_both_serve_counts_by_the_smaller_side():
    fit = of_regions(("europe", "canada"), ("europe",), ("australia",), ())
    assert fit[1] == 1.0
    assert fit[2] == 0.0
    assert np.isnan(fit[3])


def test_a_global_partner_serves_every_region_that_is_known():
    assert of_regions(("global",), ("europe",), ("global",), ())[1:3].tolist() == [1.0, 1.0]
    assert of_regions(("europe",), ("global", "canada"), ("canada",), ())[1:3].tolist() == [1.0, 0.0]
    assert np.isnan(of_regions(("global",), (), ("europe",))[1])


def test_what_is_silent_on_both_sides_is_unknown_not_zero():
    partners = [Partner(id=f"s{place}", name=f"S{place}") for place in range(3)]
    space = Matchmaker(encoder=ENCODER).fit(partners).fitted.space
    found = outward(space, 0, np.array([1, 2]))
    silent = ("gain", "audience", "overlap", "category", "fit", "redundancy")
    assert all(np.isnan(found[kind]).all() for kind in silent)
    assert not np.isnan(found["summary"]).any()


def test_an_inferred_audience_is_no_evidence_of_its_own():
    said = "returns for shops. tax for shops."
    partners = [Partner(id=f"i{place}", name=f"I{place}", description=said, audience="shops") for place in range(2)]
    partners.append(Partner(id="i2", name="I2", description=said))
    space = Matchmaker(encoder=ENCODER).fit(partners).fitted.space
    audience = outward(space, 0, np.array([1, 2]))["audience"]
    assert audience[0] == pytest.approx(1.0)
    assert np.isnan(audience[1])


def test_lexical_strength_is_half_at_a_hundred_terms():
    assert lexical_strength(100, np.array([0, 50, 100, 900])) == pytest.approx([0.0, 1 / 3, 0.5, 0.5])
    table = lexical_strength(np.array([[50], [300]]), np.array([[100, 400]]))
    assert table == pytest.approx(np.array([[1 / 3, 1 / 3], [0.5, 0.75]]))
