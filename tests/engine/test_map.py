import numpy as np
import pytest

from matchmaker import Matchmaker, Partner, projection
from matchmaker.changes import with_changes
from matchmaker.errors import SettingsError
from matchmaker.fitting import place
from tests.conftest import make_catalogue, make_partner


@pytest.fixture(scope="module")
def drawn(engine):
    return engine.map()


def places(found):
    return {one["partner"]: (one["x"], one["y"]) for one in found.partners}


def test_everybody_is_drawn_within_the_square(engine, drawn):
    assert sorted(places(drawn)) == sorted(engine.fitted.space.ids)
    at = np.array(list(places(drawn).values()))
    assert np.abs(at).max() == 1.0
    assert at.mean(axis=0) == pytest.approx([0, 0], abs=1e-3)
    assert (drawn.shown, drawn.total, len(drawn), drawn.sample) == (40, 40, 40, "all 40 partners")
    one = next(one for one in drawn.partners if one["partner"] == "p004")
    assert {name: one[name] for name in ("name", "category", "size", "size_band", "placed")} == {
        "name": "Payments House 4", "category": "payments", "size": 0.9, "size_band": "100k-1m", "placed": False,
    }  # fmt: skip


def test_who_says_the_same_stands_together(drawn):
    at = places(drawn)
    away = lambda a, b: np.hypot(*np.subtract(at[a], at[b]))  # noqa: E731
    inside = [away(f"p{a:03d}", f"p{b:03d}") for a in range(40) for b in range(40) if a < b and a % 10 == b % 10]
    across = [away(f"p{a:03d}", f"p{b:03d}") for a in range(40) for b in range(40) if a < b and a % 10 != b % 10]
    assert np.median(inside) < 0.6 * np.median(across)
    assert 0.7 < drawn.trustworthiness <= 1.0


def test_edges_are_the_known_relations(drawn):
    assert sorted((one["a"], one["b"], one["type"], one["status"]) for one in drawn.edges) == [
        ("p000", "p001", "integration", "active"), ("p000", "p010", "competitor", "active"),
        ("p002", "p003", "partnership", "ended"),
    ]  # fmt: skip


def test_no_order_of_rows_and_no_second_look_moves_anybody(encoder, engine, drawn):
    assert engine.map() == drawn
    catalogue = make_catalogue()
    order = np.random.default_rng(1).permutation(40)
    other = Matchmaker(encoder=encoder).fit([catalogue.partners[one] for one in order]).map()
    near = [np.allclose(places(other)[key], at, atol=0.02) for key, at in places(drawn).items()]
    assert np.mean(near) == 1.0
    assert [one["partner"] for one in other.partners] == [one["partner"] for one in drawn.partners]


def test_the_last_digit_moves_hardly_anybody(engine):
    topic = np.asarray(engine.fitted.space.topic)
    noise = np.random.default_rng(0).normal(scale=1e-5, size=topic.shape).astype(np.float32)
    moved = np.linalg.norm(projection._laid_out(topic) - projection._laid_out(topic + noise), axis=1)
    assert np.median(moved) < 0.05
    assert moved.max() < 0.2


def test_a_part_holds_the_largest_and_others_where_they_stand_on_the_whole(engine, drawn):
    part = engine.map(limit=10)
    assert (part.shown, part.total) == (10, 40)
    assert part.sample.startswith("10 of 40 partners: the largest and others by chance, half and half")
    assert all(places(drawn)[key] == at for key, at in places(part).items())
    largest = {f"p{number:03d}" for number in range(40) if number % 5 == 4}
    assert len(largest & set(places(part))) >= 5
    assert set(places(part)) - largest
    assert all({one["a"], one["b"]} <= set(places(part)) for one in part.edges)
    assert set(places(engine.map(limit=5))) < set(places(part))


def test_a_large_ecosystem_is_laid_out_by_a_sample(encoder, monkeypatch):
    monkeypatch.setattr(projection, "MOST", 20)
    found = Matchmaker(encoder=encoder).fit(make_catalogue(60)).map(limit=20)
    assert (found.shown, found.total) == (20, 60)
    assert sum(one["size"] >= 0.9 for one in found.partners) >= 10


def test_newcomers_stand_beside_their_likes_and_nobody_else_moves(encoder, engine, drawn):
    twin = make_partner(13, id="twin")
    silent = Partner(id="silent", name="Zzz")
    fitted = with_changes(engine.fitted, [place(engine.fitted, one, encoder) for one in (twin, silent)], ["p001"])
    changed = engine.on(fitted, encoder).map()
    before, after = places(drawn), places(changed)
    assert set(after) == set(before) - {"p001"} | {"twin", "silent"}
    assert all(after[key] == before[key] for key in after if key in before)
    marked = {one["partner"] for one in changed.partners if one["placed"]}
    assert marked == {"twin", "silent"}
    kin = np.array([before[key] for key in ("p003", "p013", "p023", "p033")])
    assert np.linalg.norm(kin - after["twin"], axis=1).min() < 0.3
    assert [one["b"] for one in changed.edges] == ["p010", "p003"]
    assert (changed.shown, changed.total) == (41, 41)


def test_newcomers_are_drawn_where_not_all_are(encoder, engine):
    late = [make_partner(number, id=f"n{number}") for number in range(8)]
    fitted = with_changes(engine.fitted, [place(engine.fitted, one, encoder) for one in late])
    found = engine.on(fitted, encoder).map(limit=10)
    assert found.shown == 10
    assert sum(one["placed"] for one in found.partners) == 5
    assert "5 that came or changed since the build" in found.sample
    assert engine.on(fitted, encoder).map(limit=1).shown == 1


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9])
def test_few_partners_are_drawn_apart(encoder, count):
    found = Matchmaker(encoder=encoder).fit([make_partner(number) for number in range(count)]).map()
    at = np.array(list(places(found).values()))
    assert len(np.unique(at, axis=0)) == count
    assert np.isfinite(at).all() and np.abs(at).max() <= 1.0
    assert found.trustworthiness is None


def test_twins_and_partners_that_say_nothing_are_drawn(encoder):
    partners = [
        *(make_partner(1, id=f"t{number}") for number in range(12)),
        *(Partner(id=f"s{n}", name="S") for n in range(3)),
    ]
    at = np.array(list(places(Matchmaker(encoder=encoder).fit(partners).map()).values()))
    assert np.isfinite(at).all()


@pytest.mark.parametrize("limit", [0, -1, 2001])
def test_a_limit_out_of_range(engine, limit):
    with pytest.raises(SettingsError, match="between 1 and 2,000"):
        engine.map(limit=limit)
