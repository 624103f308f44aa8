import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.trajectories.lines import fit_lines

YEARS = np.array([-2.0, -1.4, -1.1, -0.5, -0.2, 0.0])


def field(rng, n=300, axes=5, noise=0.3, moving=2):
    """Partners of known motion on the first `moving` axes; the others hold noise alone."""
    position, velocity = np.zeros((2, n, axes))
    position[:, :moving] = rng.normal(size=(n, moving))
    velocity[:, :moving] = rng.normal(size=(n, moving)) * 0.4
    true = position[:, None] + velocity[:, None] * YEARS[None, :, None]
    return position, velocity, (true + rng.normal(size=true.shape) * noise).astype(np.float32)


def test_uncertainty_is_as_large_as_the_errors_are():
    position, velocity, tracks = field(np.random.default_rng(0), n=2000)
    tracks[::3, 1:3] = np.nan
    lines = fit_lines(tracks, YEARS)
    moving = slice(0, 2)
    for found, true, variance in (
        (lines.position, position, lines.var_position),
        (lines.velocity, velocity, lines.var_velocity),
    ):
        z = ((found - true) / np.sqrt(variance))[:, moving]
        assert z.std() == pytest.approx(1.0, abs=0.06)
        assert (np.abs(z) < 1.2816).mean() == pytest.approx(0.8, abs=0.03)
    both = ((lines.position - position) * (lines.velocity - velocity))[:, moving].mean()
    assert both == pytest.approx(float(lines.covariance[:, moving].mean()), rel=0.15)
    assert np.sqrt(lines.noise.mean()) == pytest.approx(0.3, abs=0.02)


def test_nothing_moves_on_an_axis_of_noise():
    _, velocity, tracks = field(np.random.default_rng(1))
    lines = fit_lines(tracks, YEARS)
    assert np.abs(lines.velocity[:, 2:]).max() < 0.1
    assert np.corrcoef(lines.velocity[:, 0], velocity[:, 0])[0, 1] > 0.85
    assert lines.velocity[:, 0].std() < velocity[:, 0].std()  # shrunk


def test_one_bad_reading_is_no_motion():
    _, velocity, tracks = field(np.random.default_rng(2), noise=0.1)
    clean = fit_lines(tracks, YEARS)
    tracks[:15, 5] += 4.0
    lines = fit_lines(tracks, YEARS)
    error = np.linalg.norm(lines.velocity[:15] - velocity[:15], axis=1).mean()
    slopes = np.polyfit(YEARS, tracks[:15].transpose(1, 0, 2).reshape(6, -1), 1)[0].reshape(15, 5)
    plain = np.linalg.norm(slopes - velocity[:15], axis=1).mean()
    assert plain > 2.0
    assert error < plain / 4
    np.testing.assert_allclose(lines.velocity[15:], clean.velocity[15:], atol=0.15)


@settings(max_examples=25)
@given(st.integers(0, 1000), st.floats(0.01, 100.0), st.floats(0.1, 10.0))
def test_units_of_length_and_time_change_no_more_than_units(seed, length, time):
    _, _, tracks = field(np.random.default_rng(seed), n=40)
    one, other = fit_lines(tracks, YEARS), fit_lines(tracks * np.float32(length), YEARS * time)
    np.testing.assert_allclose(other.velocity, one.velocity * length / time, rtol=2e-2, atol=2e-3 * length / time)
    np.testing.assert_allclose(other.var_position, one.var_position * length**2, rtol=2e-2)


def test_who_was_never_seen_or_once_has_the_doubt_of_the_whole_field():
    _, _, tracks = field(np.random.default_rng(3))
    tracks[0] = np.nan
    tracks[1, 1:] = np.nan
    tracks[2] = tracks[2, :1]  # the same text at all dates
    lines = fit_lines(tracks, YEARS)
    assert lines.seen[:3].tolist() == [0, 1, 6]
    assert np.abs(lines.position[0]).max() < 1e-6
    assert np.isfinite(lines.position).all() and np.isfinite(lines.velocity).all()
    assert (lines.var_velocity > 0).all() and (lines.var_position > 0).all()
    assert lines.var_position[0, 0] > 0.5 > lines.var_position[5, 0]
    assert lines.var_velocity[1, 0] > lines.var_velocity[5, 0]
    determinant = lines.var_position.astype(float) * lines.var_velocity - lines.covariance.astype(float) ** 2
    assert (determinant > 0).all()


@pytest.mark.parametrize("dates", [1, 2, 3])
def test_few_dates_are_no_error(dates):
    _, _, tracks = field(np.random.default_rng(4), n=20)
    lines = fit_lines(tracks[:, :dates], YEARS[:dates] - YEARS[dates - 1])
    assert np.isfinite(lines.velocity).all() and (lines.var_position > 0).all()
    if dates == 1:
        assert np.abs(lines.velocity).max() < 1e-3


def straying(rng, n=400, axes=5):
    """Partners that stray without a heading (a random walk), for two years seen and one more ahead, each quarter."""
    steps = rng.normal(size=(n, 13, axes)) * np.array([0.5, 0.5, 0.3, 0.3, 0.3]) / 2
    walk = np.concatenate([rng.normal(size=(n, 1, axes)) * 2, steps[:, 1:]], axis=1).cumsum(axis=1)
    seen = walk + rng.normal(size=walk.shape) * 0.05
    return seen[:, :9].astype(np.float32), walk[:, 12], (np.arange(9) - 8) / 4


def test_who_strays_has_no_heading_and_its_intervals_cover():
    tracks, later, years = straying(np.random.default_rng(6))
    lines = fit_lines(tracks, years)
    assert lines.wander.min() > 0
    mean, variance = lines.at(1.0)
    z = (later - mean) / np.sqrt(variance)
    assert (np.abs(z) < 1.2816).mean() == pytest.approx(0.8, abs=0.05)
    told = np.abs(lines.velocity) > 1.2816 * np.sqrt(lines.var_velocity)
    assert told.mean() < 0.1
    stay = np.abs(tracks[:, -1] - later).mean()
    assert np.abs(mean - later).mean() < 1.05 * stay


def test_a_jump_is_no_course_among_partners_that_jump():
    rng = np.random.default_rng(7)
    tracks = np.repeat(rng.normal(size=(300, 1, 5)), 9, axis=1)
    for row in range(60):
        tracks[row, rng.integers(1, 9) :] += rng.normal(size=5)
    tracks = (tracks + rng.normal(size=tracks.shape) * 1e-3).astype(np.float32)
    lines = fit_lines(tracks, (np.arange(9) - 8) / 4)
    assert np.median(lines.wander[:60]) > 0
    assert np.median(lines.wander[60:]) == 0
    np.testing.assert_allclose(lines.position, tracks[:, -1], atol=0.15)
    speed = np.linalg.norm(lines.velocity[:60], axis=1)
    doubt = np.sqrt(lines.var_velocity[:60].sum(axis=1))
    assert (speed < 2 * doubt).mean() > 0.9
