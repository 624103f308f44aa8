"""The bundled sample with a motion that is known: who runs towards ShipBob, who away from it, and who was seen too seldom."""

from __future__ import annotations

import dataclasses

import numpy as np

from matchmaker import Matchmaker
from matchmaker.trajectories.atlas import Atlas
from matchmaker.trajectories.field import ABSENT, Snapshots
from matchmaker.trajectories.motion import Motion
from tests.conftest import ROOT

OWN, UNSEEN, SELDOM = "shipbob", "ups", "fedex"
HEADED = {"loop-returns": (1.5, 1.35), "klaviyo": (1.9, 1.5), "wonderment": (2.4, 1.7), "gorgias": (1.7, 0.9)}
"""Who comes nearer to OWN: how far apart they are at the last snapshot, and how much of it a year takes."""
LEAVING = {"huboo": (0.85, 0.5), "shipmonk": (0.75, 0.4)}
"""Who goes away from it, likewise."""
DAYS = (np.datetime64("2024-01-15") + np.arange(8) * 91).astype("datetime64[D]")
AXES, SPREAD, NOISE = 8, 0.55, 0.1


def moving_sample() -> Matchmaker:
    """Eight quarterly snapshots. In audience HEADED and LEAVING run along lines of their own, the others keep their places; in
    capabilities klaviyo alone comes nearer; SELDOM has three snapshots, UNSEEN none.
    """
    engine = Matchmaker.load(ROOT / "models" / "sample", background_check=False)
    fitted = engine.fitted
    ids = [one for one in fitted.space.ids if one != UNSEEN]
    rng = np.random.default_rng(5)
    facets = {
        "audience": _snapshots(rng, ids, {**HEADED, **{one: (far, -pace) for one, (far, pace) in LEAVING.items()}}),
        "capabilities": _snapshots(rng, ids, {"klaviyo": (2.0, 1.6)}),
    }
    motion = Motion.fit(facets, ids)
    named = {
        name: dataclasses.replace(one, atlas=_atlas(engine, ids, name, one)) for name, one in motion.facets.items()
    }
    return engine.on(dataclasses.replace(fitted, motion=dataclasses.replace(motion, facets=named)), None)


def _snapshots(rng, ids, runs):
    """(n, T, AXES) places with noise; runs: partner to how far it is from OWN today and what it gains on it a year."""
    years = (DAYS - DAYS[-1]).astype(float) / 365.25
    places = np.repeat(rng.normal(size=(len(ids), 1, AXES)) * SPREAD, len(DAYS), axis=1)
    own = ids.index(OWN)
    drift = np.zeros(AXES)
    drift[0] = 0.15
    places[own] = 0.4 * places[own] + years[:, None] * drift
    for place, (partner, (far, pace)) in enumerate(runs.items()):
        turn = 2 * np.pi * (place + 0.3) / len(runs)
        away = np.zeros(AXES)
        away[:2] = np.cos(turn), np.sin(turn)
        aside = np.zeros(AXES)
        aside[:2] = -away[1], away[0]
        steps = far - years[:, None] * pace
        places[ids.index(partner)] = places[own] + steps * away + 0.25 * years[:, None] * aside
    vectors = places + rng.normal(size=places.shape) * NOISE
    return Snapshots(vectors.reshape(-1, AXES).astype(np.float32), _codes(ids), DAYS)


def _codes(ids):
    codes = np.arange(len(ids) * len(DAYS)).reshape(len(ids), len(DAYS))
    codes[ids.index(SELDOM), :-3] = ABSENT
    return codes


def _atlas(engine, ids, facet, motion):
    """Each partner says the beginning of one text, where it stands."""
    voices = {one: engine.fitted.voice(engine.fitted.row(one)) for one in ids}
    texts = {
        one: voice.audience.split(".")[0] if facet == "audience" else voice.capabilities[0]
        for one, voice in voices.items()
    }
    said = [(texts[one],) for one in ids]
    places = {text: motion.lines.position[row] for row, (text,) in enumerate(said)}
    return Atlas.of(said, places, [()] * len(ids))
