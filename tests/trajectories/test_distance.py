import numpy as np
import pytest

from matchmaker.trajectories import distance


@pytest.mark.parametrize("seed", range(12))
def test_closed_form_is_that_of_many_draws(seed):
    """From one noisy axis to sixteen, from far within the noise to far beyond it."""
    rng = np.random.default_rng(seed)
    axes = [1, 2, 8, 16][seed % 4]
    mean = rng.normal(size=axes) * [0.0, 0.3, 1.0][seed % 3]
    variance = rng.gamma(0.5, size=axes) * 0.3 + 1e-3
    drawn = np.sqrt((rng.normal(size=(200_000, axes)) * np.sqrt(variance) + mean) ** 2 @ np.ones(axes))
    of = distance.sums(mean, variance)
    for share in (0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99):
        radius = np.quantile(drawn, share)
        assert distance.probability_within(of, radius) == pytest.approx(share, abs=0.02 if axes > 1 else 0.06)
    low, high = (distance.quantile(of, z) for z in (-distance.Z80, distance.Z80))
    assert ((drawn >= low) & (drawn <= high)).mean() == pytest.approx(0.8, abs=0.025 if axes > 1 else 0.04)


def test_without_doubt_the_distance_is_the_distance():
    of = distance.sums(np.array([[3.0, 4.0]]), np.zeros((1, 2)))
    assert distance.probability_within(of, 4.99) == [0.0]
    assert distance.probability_within(of, 5.01) == [1.0]
    assert distance.quantile(of, 2.0) == pytest.approx([5.0])


def test_quantile_and_probability_are_inverse():
    rng = np.random.default_rng(0)
    of = distance.sums(rng.normal(size=(500, 16)), rng.gamma(0.3, size=(500, 16)))
    for z, share in ((-distance.Z80, 0.1), (0.0, 0.5), (distance.Z80, 0.9)):
        np.testing.assert_allclose(distance.probability_within(of, distance.quantile(of, z)), share, atol=1e-6)


def test_moments_of_the_growth_are_those_of_many_draws():
    rng = np.random.default_rng(4)
    p, v = rng.normal(size=(2, 5))
    roots = rng.normal(size=(5, 2, 2)) * 0.6
    covariance = roots @ roots.transpose(0, 2, 1)
    drawn = rng.normal(size=(400_000, 5, 2))
    moved = np.einsum("aij,naj->nai", roots, drawn) + np.stack([p, v], axis=1)
    growth = (moved[:, :, 0] * moved[:, :, 1]).sum(axis=1)
    found = distance.closing(p, v, covariance[:, 0, 0], covariance[:, 0, 1], covariance[:, 1, 1])
    assert found.mean == pytest.approx(growth.mean(), abs=0.03)
    assert found.variance == pytest.approx(growth.var(), rel=0.02)
