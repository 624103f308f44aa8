from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker import Catalogue, Config, Matchmaker, Relation
from matchmaker.profiles.accounts import AccountTable
from tests.conftest import make_partner
from tests.matching.worlds import ENCODER, fitted_world, make_world

CLOSE = 1e-5
WORLDS = range(18, 26)
NUMBERS = ("mutual", "value_to_a", "value_to_b", "balance")
WORLD = st.sampled_from(list(WORLDS))
FILTERS = (
    {"region": "europe"},
    {"category": ["returns", "tax"]},
    {"size": {"min": 1000}},
    {"company_size": "small", "region": ["canada", "global"]},
    {"exclude": ["w01", "w02", "w20"]},
)


def fit(catalogue):
    return Matchmaker(Config(reference_size=22), encoder=ENCODER).fit(catalogue)


@cache
def scores(seed):
    engine = fitted_world(seed)
    ids = engine.fitted.space.ids
    rows = engine.score_pairs([(a, b) for a in ids for b in ids if a != b]).rows
    return {(row["a"], row["b"]): row for row in rows}


def ranking(engine, partner, **options):
    found = engine.recommend(partner, 40, diversity=0, include_existing=True, explain=False, **options)
    return [match.partner for match in found]


def unlinked(seed):
    """A world without relations and accounts, which say nothing of a copy of a profile."""
    partners = [partner.model_copy(update={"integrations": ()}) for partner in make_world(seed).partners]
    return Catalogue.from_partners(partners)


def moved_by(partners, relations, twin):
    """The largest change of a mutual score between the partners when `twin` joins them."""
    engines = [fit(Catalogue.from_partners(some, relations)) for some in (partners, [*partners, twin])]
    ids = engines[0].fitted.space.ids
    pairs = [(a, b) for a in ids for b in ids if a < b]
    before, after = ([row["mutual"] for row in engine.score_pairs(pairs).rows] for engine in engines)
    return np.abs(np.subtract(before, after)).max()


def test_mutual_is_symmetric_and_so_are_the_values_seen_from_the_other_side():
    for seed in WORLDS:
        found = scores(seed)
        for (a, b), row in found.items():
            other = found[b, a]
            assert row["mutual"] == pytest.approx(other["mutual"], abs=CLOSE), (seed, a, b)
            assert row["value_to_a"] == pytest.approx(other["value_to_b"], abs=CLOSE), (seed, a, b)


def test_a_pair_scores_the_same_alone_and_among_others():
    for seed in WORLDS:
        found = scores(seed)
        for a, b in list(found)[::7]:
            alone = fitted_world(seed).score_pairs([(a, b)]).rows[0]
            for name in NUMBERS:
                assert alone[name] == pytest.approx(found[a, b][name], abs=CLOSE), (seed, a, b, name)


def test_a_pair_has_one_fit_type_from_both_sides():
    for seed in (24, 25, 26, 27):
        found = scores(seed)
        assert all(row["fit_type"] == found[b, a]["fit_type"] for (a, b), row in found.items()), seed


@settings(max_examples=8, deadline=None)
@given(WORLD)
def test_value_is_directed(seed):
    gaps = [abs(row["value_to_a"] - row["value_to_b"]) for row in scores(seed).values()]
    assert max(gaps) > 0.25
    assert np.mean(np.array(gaps) > 0.01) > 0.5


@settings(max_examples=8, deadline=None)
@given(WORLD)
def test_every_score_lies_in_its_range_and_follows_from_both_values(seed):
    for row in scores(seed).values():
        out, back = row["value_to_a"], row["value_to_b"]
        assert 0.0 <= out < 1.0
        assert 0.0 <= back < 1.0
        assert row["mutual"] == pytest.approx(2 * out * back / (out + back), abs=1e-12)
        assert row["balance"] == pytest.approx(min(out, back) / max(out, back), abs=1e-12)
        assert row["one_way_street"] == (min(out, back) < 0.5 and max(out, back) - min(out, back) >= 0.25)


@settings(max_examples=6, deadline=None)
@given(WORLD, st.integers(0, 25))
def test_contributions_add_up_in_each_direction(seed, number):
    found = fitted_world(seed).recommend(f"w{number:02d}", 25, include_existing=True)
    assert len(found) == 25
    for match in found:
        assert [side.receiver for side in match.sides] == [f"w{number:02d}", match.partner]
        assert [side.value for side in match.sides] == [match.value_to_you, match.value_to_them]
        for side in match.sides:
            assert sum(side.contributions.values()) == pytest.approx(side.total, abs=1e-9)
            assert min(side.contributions.values()) >= 0.0
            assert all(p is None or 0.0 <= p <= 1.0 for p in side.percentiles.values())


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_rows_changes_nothing(seed):
    catalogue, rng = make_world(seed), np.random.default_rng(seed)
    held = catalogue.accounts
    order = rng.permutation(len(held))
    columns = {
        name: tuple(getattr(held, name)[place] for place in order) for name in held.__annotations__ if name != "key_id"
    }
    shuffled = replace(
        Catalogue.from_partners(
            [catalogue.partners[place] for place in rng.permutation(len(catalogue.partners))],
            [catalogue.relations[place] for place in rng.permutation(len(catalogue.relations))],
        ),
        accounts=AccountTable(**columns, key_id=held.key_id),
    )
    one, other = fit(catalogue), fit(shuffled)
    for partner in ("w00", "w13"):
        mine, theirs = (engine.recommend(partner, 25, include_existing=True) for engine in (one, other))
        assert [match.partner for match in mine] == [match.partner for match in theirs]
        for name in ("mutual", "value_to_you", "value_to_them"):
            assert [getattr(match, name) for match in mine] == pytest.approx(
                [getattr(match, name) for match in theirs], abs=CLOSE
            )


def test_a_duplicate_lifts_nobody():
    for seed in (0, 6, 11):
        catalogue = unlinked(seed)
        for name in ("a", "zz"):
            twin = catalogue.partners[2 * seed].model_copy(update={"id": name})
            assert moved_by(catalogue.partners, (), twin) < CLOSE, (seed, name)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_duplicate_stands_where_its_twin_stands(seed):
    catalogue = unlinked(seed)
    original = catalogue.partners[seed]
    engine = fit([*catalogue.partners, original.model_copy(update={"id": "twin"})])
    for other in (partner.id for partner in catalogue.partners if partner.id != original.id):
        pair = engine.score_pairs([(original.id, other), ("twin", other)]).rows
        assert pair[0]["mutual"] == pytest.approx(pair[1]["mutual"], abs=CLOSE)


def test_a_duplicate_with_integrations_lifts_nobody():
    partners = [make_partner(n, integrations=(f"p{(n + 7) % 30:03d}", f"p{(n * 3 + 2) % 30:03d}")) for n in range(30)]
    assert moved_by(partners, (), partners[7].model_copy(update={"id": "twin"})) < CLOSE


def test_a_duplicate_that_sorts_first_lifts_nobody():
    partners = [make_partner(n) for n in range(30)]
    relations = [Relation(a=f"p{n:03d}", b=f"p{(n * 7 + 3) % 30:03d}", type="partnership") for n in range(0, 30, 2)]
    assert moved_by(partners, relations, partners[6].model_copy(update={"id": "a"})) < CLOSE


@settings(max_examples=15, deadline=None)
@given(WORLD, st.integers(0, 25), st.sampled_from(FILTERS))
def test_a_filter_keeps_the_order_of_the_full_ranking(seed, number, conditions):
    engine, partner = fitted_world(seed), f"w{number:02d}"
    allowed = set(ranking(engine, partner, filters=conditions))
    full = ranking(engine, partner)
    top = [
        match.partner for match in engine.recommend(partner, 4, diversity=0, include_existing=True, filters=conditions)
    ]
    assert top == [other for other in full if other in allowed][:4]
    table = {one.id: one for one in make_world(seed).partners}
    for other in full:
        one = table[other]
        kept = {
            "region": bool(set(one.regions) & set(np.atleast_1d(conditions.get("region", [])))),
            "category": bool(set(one.categories) & set(conditions.get("category", []))),
            "size": one.size is not None and one.size >= 1000,
            "company_size": "small" in one.company_sizes,
            "exclude": one.id not in conditions.get("exclude", []),
        }
        assert (other in allowed) == all(kept[name] for name in conditions)


@settings(max_examples=6, deadline=None)
@given(WORLD, st.integers(0, 25))
def test_the_ranking_follows_the_mutual_score(seed, number):
    engine, partner = fitted_world(seed), f"w{number:02d}"
    found = engine.recommend(partner, 25, diversity=0, include_existing=True, explain=False)
    mutual = [match.mutual for match in found]
    assert mutual == sorted(mutual, reverse=True)
    assert sorted([partner, *ranking(engine, partner)]) == sorted(engine.fitted.space.ids)
