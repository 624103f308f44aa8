"""Worlds whose motion is known: partners move straight in 8 dimensions that are hidden in 384, and are seen with noise.

Positions have a spread of 1 (root mean square length) and so has the noise of a snapshot in units of `noise`; a snapshot is a
quarter, the horizon a year. The field drifts as a whole, by steps as long as the noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matchmaker.evaluation.metrics import pair_metrics
from matchmaker.trajectories import distance
from matchmaker.trajectories.field import Field, Snapshots
from matchmaker.trajectories.lines import at_horizon, closing_of, fit_lines
from matchmaker.trajectories.placebo import REVERSED, SHUFFLED, rearranged

HIDDEN, WIDTH = 8, 384
NOISES = {"low": 0.2, "medium": 0.6, "high": 1.2}
SPEED = 0.5
"""Root mean square distance covered in a year, against a spread of 1."""
HORIZON = 1.0
BASE_RATE = 0.009
"""Share of all pairs that come within the radius."""


@dataclass(frozen=True)
class World:
    """values: (n, T, 384) float32 as seen; dates: (T,); position, velocity: (n, 8) true, at the last date, a year."""

    values: np.ndarray
    dates: np.ndarray
    position: np.ndarray
    velocity: np.ndarray

    def distance(self, left: np.ndarray, right: np.ndarray, years: float) -> np.ndarray:
        """True distance of pairs some years after the last date."""
        at = self.position + years * self.velocity
        return np.linalg.norm(at[left] - at[right], axis=1)

    def nearest(self, left: np.ndarray, right: np.ndarray, years: float) -> np.ndarray:
        """Smallest true distance of pairs from the last date to `years` after it."""
        position, velocity = self.position[left] - self.position[right], self.velocity[left] - self.velocity[right]
        when = np.clip(-(position * velocity).sum(axis=1) / (velocity**2).sum(axis=1), 0.0, years)
        return np.linalg.norm(position + when[:, None] * velocity, axis=1)


def world(
    partners: int = 400, snapshots: int = 6, noise: float = NOISES["medium"], *, speed: float = SPEED, seed: int = 0
) -> World:
    """A world of its own for each seed."""
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(WIDTH, HIDDEN)))[0]
    position = rng.normal(size=(partners, HIDDEN)) / np.sqrt(HIDDEN)
    velocity = rng.normal(size=(partners, HIDDEN)) / np.sqrt(HIDDEN) * speed
    years = (np.arange(snapshots) - (snapshots - 1)) / 4
    true = position[:, None] + velocity[:, None] * years[None, :, None]
    drift = rng.normal(size=(snapshots, WIDTH)).cumsum(axis=0) * noise / np.sqrt(WIDTH)
    seen = true @ basis.T + drift + rng.normal(size=(partners, snapshots, WIDTH)) * noise / np.sqrt(WIDTH)
    dates = np.datetime64("2024-12-31") + np.round(years * 365.25).astype("timedelta64[D]")
    centred = (position - position.mean(axis=0), velocity - velocity.mean(axis=0))
    return World(seen.astype(np.float32), dates, *centred)


def read(made: World, *, present: np.ndarray | None = None, years: float = HORIZON) -> dict[str, float]:
    """AP of "stands within the radius at the horizon" over all pairs, ours and its rivals, and how true the rest is.

    The radius is that of the nearest .9 % of pairs at the horizon. Placebos have each partner's snapshots in another order.
    """
    snapshots = Snapshots.from_array(made.values, made.dates, present)
    field = Field.fit(snapshots)
    tracks = field.tracks(snapshots)
    lines = fit_lines(tracks, snapshots.years)
    left, right = np.triu_indices(len(made.position), 1)
    true = made.distance(left, right, years)
    radius = float(np.quantile(true, BASE_RATE))
    came_true = true < radius
    of = at_horizon(lines, left, right, years)
    chance = distance.probability_within(of, radius)
    low, high = (distance.quantile(of, z) for z in (-distance.Z80, distance.Z80))
    growth = closing_of(lines, left, right)
    truly = ((made.position[left] - made.position[right]) * (made.velocity[left] - made.velocity[right])).sum(axis=1)
    scores = {
        "ours": chance,
        "current distance": -np.linalg.norm(made.values[left, -1] - made.values[right, -1], axis=1),
        "smoothed distance": -np.linalg.norm(lines.position[left] - lines.position[right], axis=1),
        "384 dimensions, closest approach": -_plain_approach(made.values, snapshots.years, left, right, years),
        "16 dimensions, closest approach": -_plain_approach(tracks, snapshots.years, left, right, years),
        **{
            f"ours, {order}": distance.probability_within(
                at_horizon(fit_lines(rearranged(tracks, order), snapshots.years), left, right, years), radius
            )
            for order in (SHUFFLED, REVERSED)
        },
    }
    found = {name: float(pair_metrics(score, came_true)[1][0]) for name, score in scores.items()}
    return found | {
        "base rate": float(came_true.mean()),
        "chance, mean": float(chance.mean()),
        "sign of t*": float((np.sign(growth.mean) == np.sign(truly)).mean()),
        "coverage": float(((true >= low) & (true <= high)).mean()),
    }


def _plain_approach(
    values: np.ndarray, years: np.ndarray, left: np.ndarray, right: np.ndarray, until: float
) -> np.ndarray:
    """Smallest distance within the horizon by least squares in all dimensions, nothing shrunk; NaN counts as the mean."""
    filled = np.where(np.isnan(values), np.nanmean(values, axis=1, keepdims=True), values).astype(np.float64)
    slope, position = np.polyfit(years, filled.transpose(1, 0, 2).reshape(len(years), -1), 1).reshape(
        2, len(values), -1
    )
    apart, speed = position[left] - position[right], slope[left] - slope[right]
    when = np.clip(-(apart * speed).sum(axis=1) / np.maximum((speed**2).sum(axis=1), 1e-12), 0.0, until)
    return np.linalg.norm(apart + when[:, None] * speed, axis=1)
