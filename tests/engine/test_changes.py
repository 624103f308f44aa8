"""Changes on a build, against the same arrays put together by hand, and against a build of everybody."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker import Catalogue, Config, Matchmaker, Partner, Relation
from matchmaker.audience.overlap import AccountSets
from matchmaker.changes import with_changes
from matchmaker.channels import Indexes
from matchmaker.errors import SettingsError, UnknownPartnerError
from matchmaker.fitting import place
from matchmaker.matching.joined import Joined
from matchmaker.matching.ragged import Items, LabelSets
from matchmaker.matching.scales import Scales
from matchmaker.matching.scorer import score
from matchmaker.profiles.facets import build_facets
from matchmaker.profiles.table import ProfileTable
from matchmaker.retrieval.lexical import LexicalIndex
from tests.conftest import SAMPLE, WordEncoder, make_catalogue, make_partner
from tests.matching.worlds import ENCODER, fitted_world, make_world

SAMPLE_BUNDLE = SAMPLE.parents[1] / "models" / "sample"


def engine_of(fitted, encoder=ENCODER):
    engine = Matchmaker(fitted.config, encoder=encoder)
    engine._fitted = fitted
    return engine


def placed(fitted, *partners, encoder=ENCODER):
    return [place(fitted, one, encoder, account=fitted.rows.get(one.id)) for one in partners]


def by_hand(changed, late):
    """The changed ecosystem with every array written out, every derived thing derived anew, every partner in one table."""
    late = sorted(late, key=lambda one: one.partner.id)
    space, sides = changed.built.space, [one.side for one in late]

    def rows(name):
        return np.concatenate((getattr(space, name), np.array([getattr(side, name) for side in sides])))

    def items(name):
        held = [getattr(space, name).of(row) for row in range(len(space))] + [
            getattr(one, name).vectors for one in sides
        ]
        return Items(np.concatenate(held), np.cumsum([0, *map(len, held)]))

    def sets(kind):
        built = space.labels[kind]
        held = [built.of(row) for row in range(len(space))] + [side.labels[kind] for side in sides]
        return LabelSets(built.labels, np.concatenate(held), np.cumsum([0, *map(len, held)]), built.weights)

    names = ("audience", "heading", "topic", "summary", "pooled", "size", "completeness", "states_audience")
    owners = [*range(len(space)), *(changed.built.rows.get(one.partner.id) for one in late)]
    none = np.zeros(0, dtype=np.int32)
    accounts = space.accounts and [
        none if row is None else space.accounts.codes[space.accounts.offsets[row] : space.accounts.offsets[row + 1]]
        for row in owners
    ]
    whole = replace(
        space,
        ids=(*space.ids, *(one.partner.id for one in late)),
        **{name: rows(name).astype(getattr(space, name).dtype) for name in (*names, "inferred_goals")},
        capabilities=items("capabilities"),
        goals=items("goals"),
        marks=np.concatenate((space.marks, *(side.marks for side in sides))),
        scales=Scales(
            np.concatenate((space.scales.knots, [side.scales.knots for side in sides])),
            np.concatenate((space.scales.width, [side.scales.width for side in sides])),
        ),
        labels={kind: sets(kind) for kind in space.labels},
        lexical=written_out(space.lexical, [side.terms for side in sides]),
        accounts=accounts
        and AccountSets(np.concatenate(accounts), np.cumsum([0, *map(len, accounts)]), space.accounts.universe),
    )
    everybody = [*changed.built.profiles.partners(), *(one.partner for one in late)]
    said = [changed.voice(row).goals for row in range(len(whole))]
    table = ProfileTable.build(everybody, [build_facets(one) for one in everybody], said, whole.inferred_goals.tolist())
    return replace(changed, built=None, space=whole, indexes=Indexes.build(whole, changed.config), profiles=table)


def written_out(lexical, more):
    held = [lexical.row(row) for row in range(len(lexical.offsets) - 1)] + more
    indices = np.concatenate([one[0] for one in held]).astype(np.int32)
    values = np.concatenate([one[1] for one in held]).astype(np.float32)
    owner = np.repeat(np.arange(len(held)), [len(one[0]) for one in held])
    order = np.argsort(indices, kind="stable")
    posted = np.searchsorted(indices[order], np.arange(len(lexical.vocabulary) + 1))
    offsets = np.cumsum([0, *(len(one[0]) for one in held)])
    return LexicalIndex(
        lexical.vocabulary, lexical.idf, indices, values, offsets, owner[order].astype(np.int32), values[order], posted
    )


def standing_of(fitted):
    """A hand-made ecosystem keeps no look-up of who is gone: the names of those who stand."""
    return [one for row, one in enumerate(fitted.space.ids) if fitted.standing[row]]


def told(match):
    return (match.partner, match.name, match.fit_type, match.motions, match.relations, match.channels, match.sides,
            match.mutual, match.categories, match.stated_course)  # fmt: skip


def same_answers(changed, whole, k=20):
    one, other = engine_of(changed), engine_of(whole)
    for name in ("rows", "_lowered", "_by_name", "_departed"):  # the arrays are compared here, not the look-ups
        whole.__dict__[name] = getattr(changed, name)
    ids = standing_of(changed)
    for partner in ids:
        mine, theirs = one.recommend(partner, k), other.recommend(partner, k)
        assert [told(match) for match in mine] == [told(match) for match in theirs]
        assert (mine.catalogue, mine.considered) == (theirs.catalogue, theirs.considered) == (len(ids), mine.considered)
    pairs = [(a, b) for a in ids[-6:] for b in ids if a != b] + [(a, b) for a in ids[:6] for b in ids[-6:] if a != b]
    assert one.score_pairs(pairs).rows == other.score_pairs(pairs).rows
    for a, b in pairs[:: max(len(pairs) // 40, 1)]:
        assert one.explain(a, b) == other.explain(a, b)
    for partner in ids[-4:]:
        mine, theirs = one.similar([partner], k, unlike=ids[:1]), other.similar([partner], k, unlike=ids[:1])
        assert mine.partners == theirs.partners


@cache
def changed_world(seed, count, **config):
    """A world with three partners replaced, two new ones, two deleted, relations put and ended, and what was placed."""
    built = fitted_world(seed, count).fitted
    built = replace(built, config=built.config.model_copy(update=config))
    other = make_world(seed + 100, count).partners
    late = placed(
        built,
        *(other[row].model_copy(update={"id": f"w{row:02d}"}) for row in (1, 4, 9)),
        *(other[row].model_copy(update={"id": f"x{row:02d}", "integrations": ("w00", "w05")}) for row in (2, 3)),
    )
    links = [Relation(a="w00", b="x02", type="partnership"), Relation(a="w04", b="w06", type="competitor")]
    return with_changes(built, late, {"w05", "w07", "nobody"}, links), late


@pytest.mark.parametrize("seed", [3, 4, 5])
@pytest.mark.parametrize("config", [{}, {"exhaustive_below": 0, "channel_quota": 64}])
def test_it_answers_like_the_arrays_put_together_by_hand(seed, config):
    changed, late = changed_world(seed, 40, **config)
    assert isinstance(changed.space.topic, Joined)
    same_answers(changed, by_hand(changed, late))


@pytest.mark.parametrize("config", [{}, {"exhaustive_below": 0, "channel_quota": 16}])
def test_the_sample_answers_like_its_arrays_put_together_by_hand(config):
    built = Matchmaker.load(SAMPLE_BUNDLE, background_check=False).fitted
    built = replace(built, config=built.config.model_copy(update=config))
    encoder = WordEncoder()
    encoder.dimension, encoder.fingerprint = built.space.heading.shape[1], built.fingerprint
    known = built.profiles.partners()
    late = placed(
        built,
        *(one.model_copy(update={"description": f"{one.description} Now with drones."}) for one in known[3:60:9]),
        *(one.model_copy(update={"id": f"{one.id}-two", "goals": ()}) for one in known[5:60:9]),
        encoder=encoder,
    )
    changed = with_changes(built, late, {known[0].id, known[70].id})
    same_answers(changed, by_hand(changed, late), k=10)


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_changes_changes_nothing(random):
    changed, late = changed_world(4, 40)
    links = [
        Relation(a="w00", b="x02", type="partnership"),
        Relation(a="x03", b="w06", type="integration"),
        Relation(a="w08", b="w06", type="integration"),
    ]
    first = with_changes(changed.built, late, ["w05", "w07"], links, links[:1])
    gone, shuffled, other = ["w07", "w05"], list(late), list(links)
    random.shuffle(shuffled)
    random.shuffle(other)
    again = with_changes(changed.built, shuffled, gone, other, links[:1])
    assert again.space.ids == first.space.ids
    for partner in ("w00", "x02", "w09"):
        one, two = (engine_of(fitted).recommend(partner, 40, include_existing=True) for fitted in (first, again))
        assert [told(match) for match in one] == [told(match) for match in two]


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([3, 4, 5]), st.sets(st.integers(0, 39), max_size=12), st.integers(0, 39), st.booleans())
def test_who_is_gone_is_in_no_answer(seed, deleted, asking, quick):
    built = fitted_world(seed, 40).fitted
    if quick:
        built = replace(built, config=built.config.model_copy(update={"exhaustive_below": 0}))
    gone = {f"w{row:02d}" for row in deleted} - {f"w{asking:02d}"}
    changed = with_changes(built, [], gone)
    engine = engine_of(changed)
    found = engine.recommend(f"w{asking:02d}", 40, include_existing=True, diversity=0)
    assert found.catalogue == changed.count == 40 - len(gone)
    assert not gone & {match.partner for match in found}
    assert not gone & {one["partner"] for one in engine.similar([f"w{asking:02d}"], 40).partners}
    shared = [engine.explain(f"w{asking:02d}", match.partner).shared.get("neighbours", []) for match in list(found)[:8]]
    assert not {one.lower() for names in shared for one in names} & gone
    for partner in gone:
        for ask in (engine.recommend, lambda one: engine.explain(f"w{asking:02d}", one), changed.row):
            with pytest.raises(UnknownPartnerError) as caught:
                ask(partner)
            assert not gone & {one.split(" ")[0] for one in caught.value.suggestions}
        status = engine.score_pairs([(f"w{asking:02d}", partner)]).rows[0]["status"]
        assert status == f"unknown partner {partner}"


def scores(fitted, partner):
    """Scores of a partner with everybody else who stands, by id."""
    space = fitted.space
    row = fitted.rows[partner]
    rows = np.array([other for one, other in fitted.rows.items() if one != partner])
    found = score(space, fitted.config, space.side(row), rows, np.zeros(len(rows), dtype=bool))
    return {
        space.ids[other]: (found.mutual[at], found.out.value[at], found.back.value[at]) for at, other in enumerate(rows)
    }


@pytest.mark.parametrize("row", [0, 3, 11])
def test_a_partner_replaced_by_its_own_content_scores_as_before(row):
    """Within 1e-4: it is scaled on the same references, whose evidence is rounded to six digits before knots are laid."""
    engine = Matchmaker(encoder=ENCODER).fit(make_catalogue())
    built, name = engine.fitted, f"p{row:03d}"
    links = sorted({other for found in built.relations.of(row) for other in [built.space.ids[found]]})
    facts = [fact for found in built.relations.of(row).values() for fact in found]
    connected = [one for one in links if any(fact["type"] == "integration" for fact in facts)]
    late = place(built, make_partner(row), ENCODER, account=row, connected=connected)
    changed = with_changes(built, [late])
    assert changed.rows[name] == 40
    before, after = scores(built, name), scores(changed, name)
    assert before.keys() == after.keys()
    for other in before:
        assert after[other] == pytest.approx(before[other], abs=1e-4)
    voice, old = changed.voice(40), built.voice(row)
    assert voice == old
    assert [match.partner for match in engine_of(changed).recommend(name, 10)] == [
        match.partner for match in engine.recommend(name, 10)
    ]
    assert len(changed.relations.facts) == len(built.relations.facts)


def test_a_newcomer_scores_nearly_as_if_it_had_been_built_in():
    """Not the same: whitening, term weights and references are those of a build without it, which moves a score by less than .03
    on average. What counts is that the order is kept.
    """
    partners = [make_partner(number) for number in range(60)]
    gaps, correlations = [], []
    for number in (7, 23, 58):
        full = Matchmaker(encoder=ENCODER).fit(partners).fitted
        built = Matchmaker(encoder=ENCODER).fit([one for one in partners if one.id != partners[number].id]).fitted
        changed = with_changes(built, placed(built, partners[number]))
        one, other = scores(full, partners[number].id), scores(changed, partners[number].id)
        mine, theirs = (np.array([found[key][0] for key in sorted(one)]) for found in (one, other))
        gaps.append(np.abs(mine - theirs))
        ranks = [np.argsort(np.argsort(values)) for values in (mine, theirs)]
        correlations.append(np.corrcoef(ranks)[0, 1])
        assert changed.space.size[-1] == pytest.approx(full.space.size[number], abs=0.02)
        assert changed.voice(59) == full.voice(number)
    assert np.mean(np.concatenate(gaps)) < 0.03
    assert min(correlations) > 0.97


def test_relations_follow_a_partner_that_is_replaced_and_go_with_one_that_is_deleted(engine, encoder):
    built = engine.fitted
    late = placed(built, make_partner(1, name="Another Name"), encoder=encoder)
    changed = with_changes(built, late, {"p010"})
    assert [row for row in changed.relations.of(0)] == [40]
    assert len(changed.relations.facts) == len(built.relations.facts) - 1
    found = engine_of(changed, encoder).recommend("p000", 50)
    assert "p001" not in [match.partner for match in found]
    shown = engine_of(changed, encoder).recommend(
        "p000", 50, include_existing=True, filters={"relation": {"with": ["integration"]}}
    )
    assert [(match.partner, match.name) for match in shown] == [("p001", "Another Name")]


def test_a_directed_relation_is_another_than_an_undirected_one(encoder):
    catalogue = Catalogue.from_partners(
        make_catalogue().partners,
        [
            Relation(a="p000", b="p001", type="partnership"),
            Relation(a="p001", b="p000", type="partnership", directed=True),
        ],
    )
    built = Matchmaker(encoder=encoder).fit(catalogue).fitted
    ended = with_changes(built, [], ended=[Relation(a="p001", b="p000", type="partnership")])
    assert [fact["directed"] for fact in ended.relations.facts] == [True]
    turned = with_changes(built, [], ended=[Relation(a="p000", b="p001", type="partnership", directed=True)])
    assert len(turned.relations.facts) == 2
    put = with_changes(built, [], relations=[Relation(a="p001", b="p000", type="partnership", status="stalled")])
    assert [fact.get("status") for fact in put.relations.facts] == [None, "stalled"]


def test_the_same_name_finds_whoever_still_stands(encoder):
    twins = [make_partner(number, id=f"t{number}", name="Twin") for number in (40, 41)]
    built = Matchmaker(encoder=encoder).fit(make_catalogue(40, *twins)).fitted
    assert built.space.ids[built.row("twin")] == "t40"
    without = with_changes(built, [], {"t40"})
    assert without.space.ids[without.row("twin")] == "t41"
    neither = with_changes(built, placed(built, make_partner(3, name="Twin"), encoder=encoder), {"t40", "t41"})
    assert neither.space.ids[neither.row("TWIN")] == "p003"
    with pytest.raises(UnknownPartnerError):
        neither.row("Tax House 5 or so")
    assert neither.known_id("twin") == "p003"


def test_a_newcomer_is_found_by_every_channel_and_filter(encoder):
    built = Matchmaker(Config(exhaustive_below=0), encoder=encoder).fit(make_catalogue(60)).fitted
    newcomer = make_partner(1, id="new", name="New", categories=("never heard of",), extra={"tier": "iron"})
    assert set(built.columns.extra) == {"tier", "founded"}
    changed = with_changes(built, placed(built, newcomer, encoder=encoder))
    engine = engine_of(changed, encoder)
    tags = {match.partner: match.channels for match in engine.recommend("p000", 60, diversity=0, include_existing=True)}
    assert {"audience", "topic", "lexical", "capabilities"} <= set(tags["new"])
    for filters in ({"category": "Never heard of"}, {"extra.tier": "iron"}, {"include": ["new"]}):
        assert [match.partner for match in engine.recommend("p000", 5, filters=filters)] == ["new"]
    assert engine.recommend("p000", 5, filters={"category": "Never heard of"}).matches[0].categories == [
        "never heard of"
    ]


def test_a_profile_from_outside_is_answered_with_changes_too():
    changed, _ = changed_world(3, 40)
    engine = engine_of(changed)
    found = engine.recommend(make_world(9).partners[0].model_copy(update={"id": "outside"}), 60)
    assert {"x02", "x03"} <= {match.partner for match in found}
    assert not {"w05", "w07"} & {match.partner for match in found}
    assert len(found) == 40


def test_no_change_at_all_is_the_build(engine):
    same = with_changes(engine.fitted, [])
    assert engine_of(same).recommend("p003", 10) == engine.recommend("p003", 10)
    assert same.count == 40


def test_what_cannot_be_is_refused(engine, encoder, tmp_path):
    built = engine.fitted
    late = placed(built, make_partner(1), encoder=encoder)
    changed = with_changes(built, late)
    with pytest.raises(ValueError, match="as it was built"):
        with_changes(changed, late)
    with pytest.raises(ValueError, match="twice"):
        with_changes(built, late + late)
    with pytest.raises(ValueError, match="twice"):
        with_changes(built, late, {"p001"})
    with pytest.raises(SettingsError, match="build it again"):
        engine_of(changed).save(tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


def test_the_table_of_profiles_reads_like_one_that_was_built_whole(engine, encoder):
    late = placed(engine.fitted, make_partner(77), Partner(id="bare", name="Bare"), encoder=encoder)
    changed = with_changes(engine.fitted, late)
    assert changed.profiles.partners()[40:] == [Partner(id="bare", name="Bare"), make_partner(77)]
    assert changed.profiles.arrow.num_rows == 42
    assert changed.profiles.row(41)["name"] == make_partner(77).name
    assert changed.profiles.sizes[41] == make_partner(77).size
    shown = changed.profiles.shown([41, 0, 40])
    assert [one["id"] for one in shown] == ["p077", "p000", "bare"]
    assert shown[1] == engine.fitted.profiles.shown([0])[0]
