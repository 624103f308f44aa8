"""The clock: 50,000 generated partners with twelve snapshots in three facets, no text ever the same twice."""

from __future__ import annotations

import resource
import sys
import time

import numpy as np

from matchmaker.trajectories.field import Snapshots
from matchmaker.trajectories.motion import FacetMotion, Motion
from matchmaker.trajectories.packed import Packed

FACETS = ("audience", "capabilities", "goals")
HIDDEN, WIDTH, ROUNDS, ASKED = 8, 384, 5, 40
BLOCK = 5_000


def generated(partners: int, snapshots: int, seed: int) -> Snapshots:
    """Straight motion as in `worlds`, made in blocks."""
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(WIDTH, HIDDEN)))[0].astype(np.float32)
    years = (np.arange(snapshots) - (snapshots - 1)).astype(np.float32) / 4
    vectors = np.empty((partners * snapshots, WIDTH), dtype=np.float32)
    for low in range(0, partners, BLOCK):
        count = min(BLOCK, partners - low)
        position, velocity = rng.normal(size=(2, count, 1, HIDDEN)).astype(np.float32) / np.float32(np.sqrt(HIDDEN))
        true = (position + np.float32(0.5) * velocity * years[None, :, None]).reshape(-1, HIDDEN)
        noise = rng.standard_normal((len(true), WIDTH), dtype=np.float32) * np.float32(0.6 / np.sqrt(WIDTH))
        vectors[low * snapshots : (low + count) * snapshots] = true @ basis.T + noise
    dates = np.datetime64("2024-12-31") + np.round(years * 365.25).astype("timedelta64[D]")
    return Snapshots(vectors, np.arange(partners * snapshots).reshape(partners, snapshots), dates)


def measured(partners: int, snapshots: int) -> dict[str, float]:
    """Seconds, milliseconds and gigabytes."""
    facets: dict[str, FacetMotion] = {}
    seconds = work = 0.0
    for seed, name in enumerate(FACETS):
        made = generated(partners, snapshots, seed)
        started, worked = time.perf_counter(), time.process_time()
        facets[name] = FacetMotion.fit(made)
        seconds += time.perf_counter() - started
        work += time.process_time() - worked
        dates = made.dates
        del made
    motion = Motion(Packed.of([str(row) for row in range(partners)]), dates, facets)
    motion.collisions(0)
    rows = np.linspace(0, partners - 1, ASKED).astype(int).tolist()
    rounds = []
    for _ in range(ROUNDS):
        taken = []
        for row in rows:
            started = time.perf_counter()
            motion.collisions(row)
            taken.append(time.perf_counter() - started)
        rounds.append(taken)
    quiet = min(rounds, key=np.median)
    started, worked = time.perf_counter(), time.process_time()
    lists, _, _ = motion.best(10)
    every, worked = time.perf_counter() - started, time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "partners": partners,
        "snapshots": snapshots,
        "motion of all, three facets, seconds": seconds,
        "the same, seconds of processor": work,
        "collisions of one partner, ms, median of the quietest of 5 rounds": 1e3 * float(np.median(quiet)),
        "the same, 95 % of questions": 1e3 * float(np.percentile(quiet, 95)),
        "the same, median of the loudest round": 1e3 * float(max(map(np.median, rounds))),
        "all pairs' top 10, seconds": every,
        "the same, seconds of both processors": worked,
        "places filled": float((lists >= 0).mean()),
        "peak memory, GB": peak / 1e9,
    }
