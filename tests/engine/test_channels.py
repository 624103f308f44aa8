from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker import Config, Matchmaker, Partner
from matchmaker.channels import Indexes, candidates
from tests.conftest import make_partner
from tests.matching.worlds import ENCODER, fitted_world

CHANNELS = {"audience", "topic", "lexical", "capabilities", "goals", "neighbours", "small"}
ASKING = Partner(
    id="asking",
    name="Asking",
    description="carbon footprint ledgers",
    audience="vineyards along rivers",
    goals=("glass bottle pooling",),
    capabilities=("barrel tracing",),
    integrations=("cellarbook",),
)
FINDS = {
    "audience": {"audience": "vineyards along rivers"},
    "topic": {"name": "Asking", "description": "Carbon footprint ledgers. Vineyards along rivers. Barrel tracing"},
    "lexical": {"description": "ledgers and many other things that nobody here speaks of, such as a carbon footprint"},
    "capabilities": {"capabilities": ("glass bottle pooling",)},
    "goals": {"goals": ("barrel tracing",)},
    "neighbours": {"integrations": ("cellarbook",)},
}


def crowd(*more):
    return Matchmaker(Config(exhaustive_below=0), encoder=ENCODER).fit([*(make_partner(n) for n in range(60)), *more])


def found_by(engine, partner, quota=8, allowed=None):
    """Channel -> ids of the partners that it found."""
    fitted = engine.fitted
    row = fitted.row(partner)
    mask = np.ones(len(fitted.space), dtype=bool) if allowed is None else allowed.copy()
    mask[row] = False
    tags = candidates(fitted.space, fitted.indexes, fitted.space.side(row), mask, quota).tags()
    return {channel: {row for row, names in tags.items() if channel in names} for channel in CHANNELS}


def best(scores, allowed, k):
    """Rows of the k highest scores, ties by the lower row."""
    rows = [row for row in range(len(scores)) if allowed[row]]
    return set(sorted(rows, key=lambda row: (-round(float(scores[row]), 5), row))[:k])


def same(found, scores, allowed, k):
    """Whether `found` are the k best, whatever the order of near ties at the edge."""
    edge = min((scores[row] for row in best(scores, allowed, k)), default=0.0)
    assert len(found) == min(k, int(allowed.sum()))
    assert all(allowed[row] and scores[row] >= edge - 2e-5 for row in found)


@pytest.mark.parametrize("channel", FINDS)
def test_every_channel_finds_what_it_is_for(channel):
    target = Partner(**{"id": "target", "name": "Somebody else", "description": "nothing alike", **FINDS[channel]})
    engine = crowd(ASKING, target)
    found = found_by(engine, "asking")
    assert engine.fitted.row("target") in found[channel]
    alone = {name for name in ("capabilities", "goals", "neighbours") if engine.fitted.row("target") in found[name]}
    assert alone <= {channel}


def test_tags_name_all_channels_that_found_a_partner():
    twin = ASKING.model_copy(
        update={"id": "twin", "goals": ("barrel tracing",), "capabilities": ("glass bottle pooling",)}
    )
    engine = crowd(ASKING, twin)
    match = engine.recommend("asking", 1, diversity=0).matches[0]
    assert match.partner == "twin"
    assert set(match.channels) == CHANNELS - {"small"}
    assert engine.recommend("asking", 1, diversity=0, exhaustive=True).matches[0].channels == []


def test_the_small_channel_brings_the_nearest_small_ones_that_topic_left():
    engine = fitted_world(5, 60)
    space = engine.fitted.space
    for row in range(0, 60, 7):
        found = found_by(engine, space.ids[row])
        cosines = space.topic @ space.topic[row]
        assert len(found["small"]) <= 4
        assert not found["small"] & found["topic"]
        small = np.array([other != row and space.size[other] < 0.5 for other in range(60)])
        near = best(cosines, np.arange(60) != row, 32)
        expected = best(cosines, small & np.isin(np.arange(60), list(near - found["topic"])), 4)
        assert found["small"] == expected


@settings(max_examples=12, deadline=None)
@given(st.sampled_from([3, 4]), st.integers(0, 59), st.integers(8, 20), st.integers(0, 10**6))
def test_channels_equal_brute_force_among_the_allowed(seed, row, quota, mask_seed):
    engine = fitted_world(seed, 60)
    space = engine.fitted.space
    allowed = np.random.default_rng(mask_seed).random(60) < 0.6
    found = found_by(engine, space.ids[row], quota, allowed)
    allowed[row] = False
    assert all(allowed[other] for rows in found.values() for other in rows)
    for channel, vectors in (("audience", space.audience), ("topic", space.topic)):
        searched = channel == "topic" or space.states_audience[row]  # an inferred audience is the whole profile again
        if vectors[row].any() and searched:
            same(found[channel], vectors @ vectors[row], allowed, quota)
        else:
            assert found[channel] == set()
    lexical = space.lexical.pairs(space.lexical.row(row), np.arange(60))
    same(found["lexical"], lexical, allowed & (lexical > 0), quota)
    sets = space.labels["neighbours"]
    common = [sum(sets.weights[code] for code in set(sets.of(row)) & set(sets.of(other))) for other in range(60)]
    same(found["neighbours"], np.array(common), allowed & (np.array(common) > 0), quota)


@settings(max_examples=12, deadline=None)
@given(st.sampled_from([3, 4]), st.integers(0, 59))
def test_goal_channels_hold_the_best_partner_of_every_goal(seed, row):
    engine = fitted_world(seed, 60)
    space = engine.fitted.space
    found = found_by(engine, space.ids[row])
    others = [other for other in range(60) if other != row]
    for channel, asked, held in (
        ("capabilities", space.goals, space.capabilities),
        ("goals", space.capabilities, space.goals),
    ):
        for vector in asked.of(row):
            reach = {other: float((held.of(other) @ vector).max()) for other in others if len(held.of(other))}
            assert any(reach[other] >= max(reach.values()) - 1e-5 for other in found[channel])


def test_a_quota_of_each_channel_is_kept():
    engine = fitted_world(3, 60)
    for partner in engine.fitted.space.ids:
        for channel, rows in found_by(engine, partner).items():
            assert len(rows) <= 8 or channel in ("capabilities", "goals")


@pytest.mark.parametrize("channel", ["capabilities", "goals"])
def test_a_quota_of_the_goal_channels_is_kept(channel):
    engine = fitted_world(3, 60)
    assert max(len(found_by(engine, partner)[channel]) for partner in engine.fitted.space.ids) <= 8


def test_a_partner_that_says_nothing_is_still_found_candidates():
    bare = Partner(id="bare", name="Returns House")
    found = found_by(crowd(bare), "bare")
    assert found["topic"]
    assert found["lexical"]
    assert found["audience"] == found["capabilities"] == found["goals"] == found["neighbours"] == set()


def test_a_quota_as_large_as_the_catalogue_answers_like_scoring_everybody():
    world = fitted_world(4, 60)
    quick = Matchmaker(Config(exhaustive_below=0, channel_quota=64, reference_size=22), encoder=ENCODER)
    quick._fitted = replace(world.fitted, config=quick.config)
    for partner in world.fitted.space.ids[::9]:
        one, other = quick.recommend(partner, 20), world.recommend(partner, 20)
        assert [match.partner for match in one] == [match.partner for match in other]
        assert [match.mutual for match in one] == pytest.approx([match.mutual for match in other], abs=1e-5)
        assert all(match.channels for match in one)


def test_retrieved_partners_score_as_if_everybody_was_scored():
    engine = crowd()
    hits = 0
    for partner in engine.fitted.space.ids[::6]:
        quick = {match.partner: match for match in engine.recommend(partner, 10, diversity=0)}
        full = {match.partner: match for match in engine.recommend(partner, 60, diversity=0, exhaustive=True)}
        hits += len(set(quick) & set(list(full)[:10]))
        for other, match in quick.items():
            assert match.mutual == pytest.approx(full[other].mutual, abs=1e-5)
            assert match.value_to_them == pytest.approx(full[other].value_to_them, abs=1e-5)
    assert hits >= 95


def test_a_narrow_filter_loses_nobody():
    engine = Matchmaker(Config(exhaustive_below=15, channel_quota=8), encoder=ENCODER)
    engine.fit([make_partner(number) for number in range(60)])
    for place in ("europe", "canada"):
        narrow = {"region": place, "company_size": "small"}
        quick = engine.recommend("p005", 60, filters=narrow, diversity=0)
        full = engine.recommend("p005", 60, filters=narrow, diversity=0, exhaustive=True)
        assert quick.considered == full.considered <= 15
        assert [match.partner for match in quick] == [match.partner for match in full]
    assert engine.recommend("p005", 60).considered < 60


def test_indexes_hold_a_row_for_every_facet_vector():
    space = crowd().fitted.space
    built = Indexes.build(space, Config())
    assert {name: index.size for name, index in built.each().items()} == {
        "audience": len(space),
        "topic": len(space),
        "capabilities": len(space.capabilities.vectors),
        "goals": len(space.goals.vectors),
    }
