import itertools

import numpy as np
import pytest

from matchmaker import Config, GoallessWeights, Matchmaker, PriorWeights
from matchmaker.asking import own_weights, weighed
from matchmaker.errors import SettingsError
from matchmaker.fitting import place
from matchmaker.matching.evidence import KINDS
from matchmaker.matching.prior import TOTAL, WEIGHED
from matchmaker.matching.scorer import reweighed, score
from matchmaker.profiles.facets import content_key
from tests.conftest import make_partner
from tests.matching.worlds import ENCODER, make_world

OTHER = {"gain": 0.1, "audience": 1.0, "lexical": 0.0, "fit": 0.4}


@pytest.fixture(scope="module", params=["stored", "goalless", "outside"])
def asking(request, encoder):
    """An engine, and who asks it: a stored partner, one without goals or peers, a profile that is not stored."""
    mute = make_partner(7, id="mute", goals=(), categories=("unlike others",))
    engine = Matchmaker(encoder=encoder).fit([*(make_partner(number) for number in range(40)), mute])
    return engine, {"stored": "p003", "goalless": "mute", "outside": make_partner(3, id="new", name="New")}[
        request.param
    ]


def test_weights_as_configured_change_nothing(asking):
    engine, partner = asking
    plain = engine.recommend(partner, 20)
    default = GoallessWeights() if partner == "mute" else PriorWeights()
    for weights in (default, default.model_dump(), {"gain": default.gain}, {}):
        assert engine.recommend(partner, 20, weights=weights).matches == plain.matches


def test_a_total_scale_that_is_refitted_to_the_same_weights_is_the_same(asking):
    engine, partner = asking
    fitted = engine.fitted
    stored = isinstance(partner, str)
    side = fitted.space.side(fitted.row(partner)) if stored else place(fitted, partner, engine.encoder).side
    default = engine.config.goalless_weights if partner == "mute" else engine.config.weights
    weights = np.array([getattr(default, kind) for kind in WEIGHED])
    twins = fitted.reference_contents == content_key(fitted.profiles.partner(side.row) if stored else partner)
    again = reweighed(fitted.space, side, weights, twins)
    np.testing.assert_allclose(again.scales.knots, side.scales.knots, atol=1e-5)
    np.testing.assert_allclose(again.scales.width, side.scales.width, rtol=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_the_refit_holds_in_worlds_full_of_gaps_and_ties(seed):
    engine = Matchmaker(encoder=ENCODER).fit(make_world(seed))
    fitted = engine.fitted
    for row in range(len(fitted.space)):
        side = fitted.space.side(row)
        default = engine.config.weights if len(side.goals.vectors) else engine.config.goalless_weights
        weights = np.array([getattr(default, kind) for kind in WEIGHED])
        again = reweighed(
            fitted.space, side, weights, fitted.reference_contents == content_key(fitted.profiles.partner(row))
        )
        np.testing.assert_allclose(again.scales.knots[TOTAL], side.scales.knots[TOTAL], atol=1e-5)


def test_only_the_asking_sides_value_is_weighed_anew(asking):
    engine, partner = asking
    plain = {match.partner: match for match in engine.recommend(partner, 40, include_existing=True)}
    found = engine.recommend(partner, 40, include_existing=True, weights=OTHER)
    assert len(found) == len(plain)
    assert any(abs(match.value_to_you - plain[match.partner].value_to_you) > 0.05 for match in found)
    for match in found:
        assert match.value_to_them == plain[match.partner].value_to_them
        ours, theirs = match.sides
        assert theirs == plain[match.partner].sides[1]
        assert sum(ours.contributions.values()) == pytest.approx(ours.total, abs=1e-9)
        assert ours.percentiles == plain[match.partner].sides[0].percentiles  # evidence and its scales stay
        assert match.mutual == pytest.approx(
            2 * match.value_to_you * match.value_to_them / (match.value_to_you + match.value_to_them), abs=2e-6
        )


def test_it_is_worth_what_a_build_with_these_weights_says():
    """A stored partner that weighs for itself values everybody as it would in an ecosystem that weighs so for all."""
    catalogue = make_world(3)
    mine = PriorWeights(**{**PriorWeights().model_dump(), **OTHER})
    plain = Matchmaker(encoder=ENCODER).fit(catalogue)
    wholly = Matchmaker(
        Config(weights=mine, goalless_weights=GoallessWeights(**mine.model_dump())), encoder=ENCODER
    ).fit(catalogue)
    for row in range(0, len(plain.fitted.space), 5):
        others = np.array([other for other in range(len(plain.fitted.space)) if other != row])
        none = np.zeros(len(others), dtype=bool)
        side, weights = weighed(plain.fitted, plain.fitted.space.side(row), plain.fitted.space.ids[row], mine)
        found = score(plain.fitted.space, plain.config, side, others, none, weights)
        expected = score(wholly.fitted.space, wholly.config, wholly.fitted.space.side(row), others, none)
        np.testing.assert_allclose(found.out.value, expected.out.value, atol=1e-4)
        np.testing.assert_allclose(found.out.total, expected.out.total, atol=1e-5)


def test_one_kind_alone_makes_the_value(asking):
    engine, partner = asking
    only = {**dict.fromkeys(WEIGHED, 0.0), "audience": 2.0}
    found = engine.recommend(partner, 40, weights=only, include_existing=True)
    for match in found:
        assert [kind for kind, nats in match.sides[0].contributions.items() if nats] in (["audience"], [])
    pairs = sorted((match.sides[0].percentiles["audience"], match.value_to_you) for match in found)
    assert all(one[1] <= other[1] + 1e-6 for one, other in itertools.pairwise(pairs))
    assert pairs[-1][1] > pairs[0][1] + 0.3


def test_what_was_weighed_is_in_the_answer(engine):
    found = engine.recommend("p000", 3, weights=OTHER)
    assert found.settings["weights"] == {**PriorWeights().model_dump(), **OTHER}
    assert engine.recommend("p000", 3).settings["weights"] is None


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ({"fame": 1.0}, f"no weight 'fame'. Weights: {', '.join(WEIGHED)}"),
        ({"redundancy": 1.0}, "no weight 'redundancy'"),
        ({"gain": -0.1}, "gain: "),
        ({"gain": float("nan")}, "gain: "),
        ({"gain": float("inf")}, "gain: a weight is a finite number"),
        ({"gain": "much"}, "gain: "),
        (dict.fromkeys(WEIGHED, 0), "at least one weight must be above 0"),
    ],
)
def test_what_is_no_weight_is_refused(engine, weights, told):
    with pytest.raises(SettingsError) as caught:
        engine.recommend("p000", weights=weights)
    assert told in str(caught.value)
    assert "redundancy" in KINDS  # evidence that counts as `distinct`


def test_what_is_left_out_stays_as_configured(encoder):
    config = Config(weights=PriorWeights(gain=0.9, fit=0.7))
    engine = Matchmaker(config, encoder=encoder).fit([make_partner(number) for number in range(12)])
    found = own_weights(config, engine.fitted.space.side(0), {"gain": 0.2})
    assert found == PriorWeights(gain=0.2, fit=0.7)
    assert own_weights(config, engine.fitted.space.side(0), PriorWeights(fit=0.3)) == PriorWeights(fit=0.3)
