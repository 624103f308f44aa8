import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker import Config, Matchmaker
from matchmaker.asking import EXAMPLE_NATS, best_score
from matchmaker.errors import SettingsError, UnknownPartnerError
from matchmaker.matching.ragged import unit
from tests.conftest import make_catalogue, make_partner


def cosine(engine, a, b):
    space = engine.fitted.space
    return float(np.dot(space.topic[space.ids.index(a)], space.topic[space.ids.index(b)]))


def expected(engine, partner, like, unlike):
    near = max((cosine(engine, partner, one) for one in like), default=0.0)
    far = max((cosine(engine, partner, one) for one in unlike), default=-1.0)
    return near if near >= far else -(far**2)


@pytest.mark.parametrize(
    ("like", "unlike"), [(["p013"], []), ([], ["p013"]), (["p013", "p024"], ["p011", "p002"]), (["p000"], ["p013"])]
)
def test_examples_change_the_order_as_the_formula_says_and_no_value(engine, like, unlike):
    plain = {match.partner: match for match in engine.recommend("p000", 40, diversity=0, fit_type=None)}
    found = engine.recommend("p000", 40, diversity=0, like=like, unlike=unlike)
    assert {match.partner for match in found} == set(plain) - {*like, *unlike}
    relevance = []
    for match in found:
        assert match.mutual == plain[match.partner].mutual and match.sides == plain[match.partner].sides
        assert match.example_score == pytest.approx(expected(engine, match.partner, like, unlike), abs=2e-6)
        relevance.append(-np.log1p(-match.mutual) + EXAMPLE_NATS * match.example_score)
    listed = [max(one, 0.0) for one in relevance]
    assert listed == pytest.approx(sorted(listed, reverse=True), abs=1e-4)


def test_likes_of_the_example_rise_and_those_of_its_opposite_sink(engine):
    place = lambda found: [match.partner for match in found].index("p023")  # noqa: E731 - a loyalty house, as p013 is
    plain, liked, unliked = (
        place(engine.recommend("p000", 39, diversity=0, **wish))
        for wish in ({}, {"like": ["p013"]}, {"unlike": ["p013"]})
    )
    assert liked < plain < unliked
    assert liked <= 2


def test_without_examples_there_is_no_example_score(engine):
    found = engine.recommend("p000", 5)
    assert {match.example_score for match in found} == {None}
    assert (found.settings["like"], found.settings["unlike"]) == ([], [])
    assert engine.explain("p000", "p001").match.example_score is None
    named = engine.recommend("p000", 5, like=["Loyalty House 13"], unlike="p014")  # one name is a list of one
    assert (named.settings["like"], named.settings["unlike"]) == (["p013"], ["p014"])


def test_an_outside_profile_has_examples_too(engine):
    outside = make_partner(0, id="new", name="New")
    found = engine.recommend(outside, 5, diversity=0, like=["p013"])
    assert [match.partner for match in found][0] in ("p003", "p023", "p033")


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"like": ["nobody"]}, UnknownPartnerError), ({"unlike": ["nobody"]}, UnknownPartnerError),
        ({"like": ["p001", "p002"], "unlike": ["p002"]}, SettingsError),
    ],
)  # fmt: skip
def test_what_is_no_example(engine, wish, error):
    with pytest.raises(error):
        engine.recommend("p000", **wish)


def test_where_candidates_are_retrieved_the_likes_of_examples_are_among_them(encoder):
    config = Config(exhaustive_below=0, channel_quota=8, exact_below=10_000)
    engine = Matchmaker(config, encoder=encoder).fit(make_catalogue(400))
    plain = engine.recommend("p000", 100)
    found = engine.recommend("p000", 100, like=["p013", "p027"])
    space = engine.fitted.space
    for example in ("p013", "p027"):
        near = sorted(
            (one for one in space.ids if one not in ("p000", "p013", "p027", "p001")),
            key=lambda one: -cosine(engine, example, one),
        )[:4]
        by_channel = {match.partner for match in found if "examples" in match.channels}
        assert set(near) <= by_channel
    assert plain.considered < found.considered <= plain.considered + config.channel_quota
    assert not any("examples" in match.channels for match in plain)


@given(st.integers(0, 10**6), st.integers(0, 4), st.integers(0, 4))
def test_best_score_against_a_loop(seed, likes, unlikes):
    rng = np.random.default_rng(seed)
    vectors, like, unlike = (unit(rng.normal(size=(count, 5))) for count in (7, likes, unlikes))
    for row, found in enumerate(best_score(vectors, like, unlike)):
        near = max((float(vectors[row] @ one) for one in like), default=0.0)
        far = max((float(vectors[row] @ one) for one in unlike), default=-1.0)
        assert found == pytest.approx(near if near >= far else -far * far, abs=1e-6)
        assert -1.0 - 1e-6 <= found <= 1.0 + 1e-6
