import numpy as np
import pytest

from benchmarks.collisions.worlds import world
from matchmaker.errors import SettingsError
from matchmaker.trajectories.field import Snapshots
from matchmaker.trajectories.figure import orbit_figure
from matchmaker.trajectories.motion import Motion


@pytest.fixture(scope="module")
def motion():
    made = world(150, seed=2)
    return Motion.fit({"audience": Snapshots.from_array(made.values, made.dates)}, radius=0.75)


def row_with_meetings(motion):
    return next(row for row in range(150) if len(motion.collisions(row)) > 2)


def test_orbit_holds_the_partner_first_then_its_collisions(motion):
    row = row_with_meetings(motion)
    orbit = motion.orbit(row, 8)
    own, *others = orbit.tracks
    assert own.row == row and own.verdict is None
    assert len(others) == 8
    listed = [one.pair.b for one in motion.collisions(row, 8)]
    assert [track.row for track in others][: len(listed)] == listed
    assert {meeting.row for meeting in orbit.meetings} >= set(listed)
    assert (own.ahead[0].x, own.ahead[0].y) == pytest.approx((0, 0), abs=1e-6)
    assert own.ahead[-1].x >= -1e-6  # it heads to the right
    assert own.ahead[0].date == motion.last and own.ahead[-1].date == orbit.until
    assert len(own.seen) == len(own.line) == 6
    for track in orbit.tracks:
        assert all(one.major >= one.minor >= 0 for one in track.ahead)
        assert track.ahead[-1].major > track.ahead[0].major


def test_distances_in_the_plane_are_shorter_and_the_share_says_how_much(motion):
    orbit = motion.orbit(4, 20)
    assert 0.2 < orbit.shown <= 1
    true = flat = 0.0
    lines = motion.facets["audience"].lines
    for track in orbit.tracks[1:]:
        for point, position in (
            (track.ahead[0], lines.position[track.row] - lines.position[4]),
            (track.ahead[-1], lines.at(1.0)[0][track.row] - lines.position[4]),
        ):
            gap = float(np.linalg.norm(position))
            assert np.hypot(point.x, point.y) <= gap + 1e-5
            true, flat = true + gap**2, flat + point.x**2 + point.y**2
    assert flat / true == pytest.approx(orbit.shown, abs=0.05)


def test_ellipses_hold_four_fifths(motion):
    cone = motion.orbit(0, 3).tracks[0].ahead[-1]
    rng = np.random.default_rng(0)
    turn = np.radians(cone.angle)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    wide = np.sqrt(-2 * np.log(0.2))
    drawn = rng.normal(size=(100_000, 2)) * np.array([cone.major, cone.minor]) / wide @ axes
    inside = ((drawn @ axes.T / [cone.major, cone.minor]) ** 2).sum(axis=1) <= 1
    assert inside.mean() == pytest.approx(0.8, abs=0.01)


def test_figure_shows_every_track_and_meeting(motion):
    orbit = motion.orbit(row_with_meetings(motion), 5)
    figure = orbit_figure(orbit, lambda row: f"Partner ${row}")
    [axes] = figure.axes
    assert len(axes.patches) == 6
    stars = [line for line in axes.lines if line.get_marker() == "*"]
    assert len(stars) == len(orbit.meetings) > 0
    assert f"Partner \\${orbit.row}" in axes.get_title()
    _, *told = figure.get_supxlabel().splitlines()
    assert [line.split(",")[0] for line in told] == [
        f"★ {number}  Partner \\${one.row}" for number, one in enumerate(orbit.meetings, start=1)
    ]
    figure.canvas.draw()


def test_wrong_questions_are_refused(motion):
    with pytest.raises(SettingsError, match="no facet 'taste'"):
        motion.orbit(0, facet="taste")
    with pytest.raises(SettingsError, match="no row 150"):
        motion.orbit(150)
    with pytest.raises(SettingsError, match="horizon"):
        motion.collisions(0, years=0)
    with pytest.raises(SettingsError, match="itself"):
        motion.of_pair(3, 3)
