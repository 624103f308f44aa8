import json

import numpy as np
import pandas as pd
import pytest

from matchmaker import Config, Matchmaker, Partner
from matchmaker.errors import FilterError, NotFittedError, SettingsError, UnknownPartnerError
from tests.conftest import WordEncoder, make_catalogue, make_partner


def test_the_partner_that_meets_the_goal_comes_before_the_one_that_does_not(engine):
    scores = {row["b"]: row for row in engine.score_pairs([("p000", "p011"), ("p000", "p015")]).rows}
    assert scores["p011"]["value_to_a"] > scores["p015"]["value_to_a"]  # p011 offers shipping, which p000 wants


def test_contributions_add_up_and_scores_lie_in_range(engine):
    for match in engine.recommend("p004", 30, include_existing=True):
        assert 0.0 <= match.mutual <= 1.0
        assert 0.0 <= match.balance <= 1.0
        for side in match.sides:
            assert 0.0 <= side.value < 1.0
            assert sum(side.contributions.values()) == pytest.approx(side.total, abs=1e-9)


def test_mutual_is_symmetric_and_value_is_not(engine):
    ids = engine.fitted.space.ids
    pairs = [(a, b) for a in ids[:12] for b in ids[:12] if a < b]
    there = engine.score_pairs(pairs).rows
    back = engine.score_pairs([(b, a) for a, b in pairs]).rows
    for one, other in zip(there, back, strict=True):
        assert one["mutual"] == pytest.approx(other["mutual"], abs=1e-5)
        assert one["value_to_a"] == pytest.approx(other["value_to_b"], abs=1e-5)
    assert any(abs(one["value_to_a"] - one["value_to_b"]) > 0.05 for one in there)


def test_order_of_rows_changes_nothing(encoder):
    catalogue = make_catalogue(60)
    shuffled = [catalogue.partners[place] for place in np.random.default_rng(3).permutation(60)]
    one = Matchmaker(encoder=encoder).fit(catalogue.partners)
    other = Matchmaker(encoder=encoder).fit(shuffled)
    for partner in ("p000", "p017", "p044"):
        mine, theirs = one.recommend(partner, 20), other.recommend(partner, 20)
        assert [match.partner for match in mine] == [match.partner for match in theirs]
        assert [match.mutual for match in mine] == pytest.approx([match.mutual for match in theirs], abs=1e-5)


def test_a_duplicate_lifts_nobody(encoder):
    twin = make_partner(7, id="twin")
    alone = Matchmaker(encoder=encoder).fit(make_catalogue().partners)
    doubled = Matchmaker(encoder=encoder).fit([*make_catalogue().partners, twin])
    ids = alone.fitted.space.ids
    pairs = [("p007", other) for other in ids if other != "p007"] + [
        ("p003", other) for other in ids if other != "p003"
    ]
    before, after = alone.score_pairs(pairs).rows, doubled.score_pairs(pairs).rows
    assert [row["mutual"] for row in before] == pytest.approx([row["mutual"] for row in after], abs=1e-6)
    twins = doubled.score_pairs([("p003", "p007"), ("p003", "twin")]).rows
    assert twins[0]["mutual"] == pytest.approx(twins[1]["mutual"], abs=1e-6)


def test_the_answer_for_a_pair_does_not_depend_on_who_else_is_asked(engine):
    alone = engine.score_pairs([("p001", "p020")]).rows[0]
    among = engine.score_pairs([("p001", f"p{number:03d}") for number in range(40)]).rows[20]
    assert alone["mutual"] == pytest.approx(among["mutual"], abs=1e-9)


def test_existing_partners_are_left_out_until_asked_for(engine):
    assert "p001" not in [match.partner for match in engine.recommend("p000", 39)]
    found = {match.partner: match for match in engine.recommend("p000", 39, include_existing=True)}
    assert found["p001"].relations[0]["type"] == "integration"
    assert "p003" in [match.partner for match in engine.recommend("p002", 39)]  # that partnership has ended


def test_rivals_are_marked_and_do_not_fill_the_list(engine):
    found = engine.recommend("p000", 10)
    kinds = [match.fit_type for match in found]
    assert engine.explain("p000", "p010").match.fit_type == "competitor"
    assert kinds.count("competitor") <= 3
    only = engine.recommend("p000", 10, fit_type="competitor")
    assert "p010" in [match.partner for match in only]
    assert {match.fit_type for match in only} == {"competitor"}


def test_popularity_dial_moves_the_list(engine):
    sizes = dict(zip(engine.fitted.space.ids, engine.fitted.space.size, strict=True))
    means = [
        np.mean([sizes[match.partner] for match in engine.recommend("p005", 8, popularity_weight=weight)])
        for weight in (0.0, 0.5, 1.0)
    ]
    assert means[0] < means[1] < means[2]


def test_filters_keep_top_k_exact(engine):
    filtered = engine.recommend("p000", 5, filters={"region": "europe", "extra.tier": "gold"}, diversity=0)
    everyone = engine.recommend("p000", 39, diversity=0)
    table = {partner.id: partner for partner in make_catalogue().partners}
    expected = [
        match.partner
        for match in everyone
        if "europe" in table[match.partner].regions and table[match.partner].extra["tier"] == "gold"
    ]
    assert [match.partner for match in filtered] == expected[:5]


def test_retrieval_finds_what_scoring_everybody_finds(encoder):
    engine = Matchmaker(Config(exhaustive_below=0, channel_quota=16), encoder=encoder).fit(make_catalogue(200))
    hits = 0
    for partner in engine.fitted.space.ids[::20]:
        quick = [match.partner for match in engine.recommend(partner, 10, diversity=0)]
        full = [match.partner for match in engine.recommend(partner, 10, diversity=0, exhaustive=True)]
        hits += len(set(quick) & set(full))
        assert engine.recommend(partner, 10).matches[0].channels
    assert hits >= 85


def test_a_profile_outside_the_catalogue_scores_like_its_twin_inside(engine):
    stranger = make_partner(12, id="stranger", interface=make_partner(12).interface)
    inside = [match.partner for match in engine.recommend("p012", 5, diversity=0)]
    outside = engine.recommend(stranger, 6, diversity=0)
    assert outside.partner is None
    assert len(set(inside) & {match.partner for match in outside}) >= 4


def test_stated_course_needs_both_headings(engine, encoder):
    one = make_partner(50, id="one", goals=("crew rostering",), capabilities=("lens grinding",))
    other = make_partner(51, id="other", goals=("lens grinding",), capabilities=("crew rostering",))
    fitted = Matchmaker(encoder=encoder).fit([*make_catalogue().partners, one, other])
    course = fitted.explain("one", "other").match.stated_course
    assert course["basis"] == "stated, not observed"
    assert course["ours"]["goal"] == "crew rostering"
    assert fitted.explain("p000", "p001").match.stated_course is None  # p001 wants reviews, which p000 is not


def test_goals_are_borrowed_from_peers_and_said_so(encoder):
    silent = make_partner(60, id="silent", goals=())
    engine = Matchmaker(encoder=encoder).fit([*make_catalogue().partners, silent])
    found = engine.recommend("silent", 3)
    assert "category peers" in found.notes[0]
    assert found.matches[0].sides[0].percentiles["gain"] is not None
    lonely = make_partner(60, id="lonely", goals=(), categories=("unheard of",))
    found = Matchmaker(encoder=encoder).fit([*make_catalogue().partners, lonely]).recommend("lonely", 3)
    assert "no goals" in found.notes[0]
    assert found.matches[0].sides[0].percentiles["gain"] is None


def test_explanation_names_what_meets_what(engine):
    told = engine.explain("p000", "p011")
    assert told.match.sides[0].meets[0] == {
        "goal": "better shipping for shops",
        "capability": "shipping for shops",
        "cosine": pytest.approx(
            4 / (2 * 6**0.5), abs=0.12
        ),  # words in common; random directions are not quite orthogonal
        "own": pytest.approx(2 / (2 * 6**0.5), abs=0.12),
    }
    assert told.weaker_side in ("p000", "p011")
    assert json.loads(told.to_json())["basis"] == "prior"


def test_results_turn_into_frames(engine):
    assert isinstance(engine.recommend("p000", 3).to_frame(), pd.DataFrame)
    frame = engine.score_pairs([("p000", "p001"), ("p000", "nobody"), ("p000", "p000")]).to_frame()
    assert frame["status"].tolist() == ["ok", "unknown partner nobody", "a and b are the same"]
    assert frame["mutual"].isna().tolist() == [False, True, True]
    assert len(engine.similar(["p000"], 4).to_frame()) == 4


def test_similar_prefers_look_alikes_and_avoids_the_unlike(engine):
    found = [one["partner"] for one in engine.similar(["p000"], 3).partners]
    assert set(found) <= {"p010", "p020", "p030"}
    away = [one["partner"] for one in engine.similar(["p000"], 36, unlike=["p010"]).partners]
    assert "p010" not in away


def test_errors_say_what_to_do(engine):
    with pytest.raises(UnknownPartnerError, match="Did you mean"):
        engine.recommend("Returns Hous 0")
    with pytest.raises(SettingsError, match="between 1"):
        engine.recommend("p000", 0)
    with pytest.raises(SettingsError, match="fit_type"):
        engine.recommend("p000", fit_type="friend")
    with pytest.raises(FilterError, match="There is no filter field"):
        engine.recommend("p000", filters={"colour": "red"})
    with pytest.raises(SettingsError, match="itself"):
        engine.explain("p000", "p000")
    with pytest.raises(NotFittedError, match="fit"):
        Matchmaker().recommend("p000")


def test_one_partner_alone_is_an_empty_list_not_an_error(encoder):
    found = Matchmaker(encoder=encoder).fit([make_partner(0)]).recommend("p000", 5)
    assert len(found) == 0
    assert "only 0 of the 5" in found.notes[-1]


def test_names_work_in_place_of_ids(engine):
    assert engine.recommend("returns house 0", 1).partner == "p000"


def test_a_mere_name_and_a_handful_of_partners_are_told():
    few = Matchmaker(encoder=WordEncoder()).fit([make_partner(number) for number in range(5)])
    assert any("rank among the 5 partners" in note for note in few.recommend("p001").notes)
    bare = few.recommend(Partner(id="bare", name="Bare"))
    assert any("nothing that can be matched but its name" in note for note in bare.notes)
    many = Matchmaker(encoder=WordEncoder()).fit([make_partner(number) for number in range(40)])
    assert not any("rank among" in note or "its name" in note for note in many.recommend("p001").notes)
