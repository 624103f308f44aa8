import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.errors import EncoderError, SettingsError
from matchmaker.trajectories.field import Field, Snapshots

DATES = np.array(["2023-01-01", "2023-02-10", "2023-07-01", "2023-08-01", "2024-06-01"], dtype="datetime64[D]")


def standing(rng, n=30, width=6):
    """Partners that stand still while the whole field drifts, by steps of irregular length."""
    places = rng.normal(size=(n, 1, width))
    drift = rng.normal(size=(1, len(DATES), width)) * 3
    return places, drift


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_drift_is_found_whoever_comes_and_goes(seed):
    rng = np.random.default_rng(seed)
    places, drift = standing(rng)
    places[:10] += 20  # a crowd from elsewhere: a plain mean would jump with its coming
    present = rng.random((30, len(DATES))) < 0.6
    present[:10, :3] = False
    present[10:13] = True
    snapshots = Snapshots.from_array(places + drift, DATES, present)
    field = Field.fit(snapshots)
    tracks = field.tracks(snapshots)
    for track, there in zip(tracks, present, strict=True):
        np.testing.assert_allclose(track[there], np.broadcast_to(track[there][:1], track[there].shape), atol=1e-3)
    assert np.isnan(tracks[~present]).all()


def test_axes_are_those_of_largest_spread_about_the_drift():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(200, 5, 40)) * 0.1
    values[:, :, 7] += rng.normal(size=(200, 1)) * 2
    values[:, :, 3] += np.linspace(0, 30, 5)  # everybody does it: no axis of difference
    field = Field.fit(Snapshots.from_array(values, DATES), axes=3)
    assert abs(field.axes[0, 7]) > 0.99
    np.testing.assert_allclose(field.axes @ field.axes.T, np.eye(3), atol=1e-5)
    assert np.abs(field.axes[:, 3]).max() < 0.5


def test_a_vector_that_many_share_counts_as_often_as_it_stands():
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(6, 4)).astype(np.float32)
    codes = rng.integers(-1, 6, size=(12, 5))
    shared = Snapshots(vectors, codes, DATES)
    apart = Snapshots.from_array(vectors[codes], DATES, codes >= 0)
    one, other = Field.fit(shared), Field.fit(apart)
    np.testing.assert_allclose(one.tracks(shared), other.tracks(apart), atol=1e-5)


def test_only_the_past_is_seen_until_a_date():
    rng = np.random.default_rng(3)
    places, drift = standing(rng)
    values = np.broadcast_to(places + drift, (30, 5, 6)).copy()
    past = Snapshots.from_array(values, DATES).until(np.datetime64("2023-07-15"))
    values[:, 3:] = rng.normal(size=(30, 2, 6)) * 100
    other = Snapshots.from_array(values, DATES).until(np.datetime64("2023-07-15"))
    assert len(past.dates) == 3
    np.testing.assert_array_equal(Field.fit(past).axes, Field.fit(other).axes)
    with pytest.raises(SettingsError, match="No snapshot is as old"):
        past.until(np.datetime64("2020-01-01"))


def test_wrong_snapshots_are_refused_with_what_is_wrong():
    values = np.zeros((3, 2, 4))
    two = DATES[:2]
    with pytest.raises(SettingsError, match="ascend"):
        Snapshots.from_array(values, two[::-1])
    with pytest.raises(SettingsError, match="ascend"):
        Snapshots.from_array(values, two[[0, 0]])
    with pytest.raises(SettingsError, match="mask"):
        Snapshots.from_array(values, two, np.ones((3, 3), dtype=bool))
    with pytest.raises(SettingsError, match="NaN"):
        Snapshots.from_array(np.full((3, 2, 4), np.nan), two)
    Snapshots.from_array(np.full((3, 2, 4), np.nan), two, np.zeros((3, 2), dtype=bool))
    with pytest.raises(EncoderError, match="Encode the texts of all snapshots again"):
        Snapshots.from_array(values, two, encoders=["one", "two"])
    Snapshots.from_array(values, two, encoders=["one", "one"])
