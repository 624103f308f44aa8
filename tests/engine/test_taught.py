"""Answers of a version that has learned: their order, their chances, their reasons, and partners that came after the training."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from matchmaker.ahead import make_lists
from matchmaker.batch.lists import Lister, Settings
from matchmaker.changes import with_changes
from matchmaker.engine import Matchmaker
from matchmaker.errors import BundleCorruptError, SettingsError
from matchmaker.fitting import place
from matchmaker.matching.learned import texts
from matchmaker.registry.codec import save
from matchmaker.results import BASIS, LEARNED
from matchmaker.training import trial
from matchmaker.training.history import history_of
from matchmaker.training.train import learn, train
from tests.conftest import WordEncoder, make_partner
from tests.registry.damage import resealed
from tests.training.conftest import COUNT, circles, ecosystem


@pytest.fixture(scope="module")
def plain():
    return ecosystem(np.where(circles(), 0.5, 0.01))


@pytest.fixture(scope="module", autouse=True)
def one_split_of_each_kind():
    """As where there are many links: enough for what is told, and quicker."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial, "FEW_LINKS", 0)
        yield


@pytest.fixture(scope="module")
def lesson(plain):
    return learn(plain.fitted, history_of(plain.fitted))


@pytest.fixture(scope="module")
def taught(plain, lesson):
    return plain.on(dataclasses.replace(plain.fitted, learned=lesson.learned), WordEncoder())


def test_the_basis_is_told_everywhere(plain, taught):
    assert (plain.basis, taught.basis) == (BASIS, LEARNED)
    for engine, basis in ((plain, BASIS), (taught, LEARNED)):
        found = engine.recommend("p000", 3)
        assert (
            found.basis == engine.explain("p000", "p001").basis == engine.score_pairs([("p000", "p001")]).basis == basis
        )
        assert {match.basis for match in found} == {basis}
    assert {match.history for match in plain.recommend("p000", 3)} == {None}


def test_the_list_follows_history_with_every_stratum_in_turn(taught):
    found = taught.recommend("p012", 10, diversity=0.0, explain=False)
    rows = [taught.fitted.rows[match.partner] for match in found]
    known = set(taught.fitted.relations.of(taught.fitted.rows["p012"]))
    assert not known & set(rows)
    same = circles()[12]
    assert np.mean([same[int(taught.fitted.space.ids[row][1:])] for row in rows]) > 2.0 / 8
    stratum = taught.fitted.learned.model.stratum[rows]
    assert np.bincount(stratum, minlength=3).tolist() == [1, 5, 4]


def test_hidden_partners_are_found_where_the_prior_finds_none(plain, taught):
    """Over all partners: how many of the ten best are of the circle, which no text tells."""
    same = circles()

    def share(engine):
        found = []
        for number in range(0, COUNT, 8):
            listed = [int(match.partner[1:]) for match in engine.recommend(f"p{number:03d}", 10, explain=False)]
            found.append(same[number][listed].mean())
        return np.mean(found)

    assert share(taught) > 2 * share(plain)


def test_the_chance_of_a_pair_is_the_same_from_both_sides_and_in_every_answer(taught):
    pairs = [("p003", "p040"), ("p040", "p003"), ("p003", "nobody")]
    rows = taught.score_pairs(pairs).rows
    assert 0 < rows[0]["chance"] < 1
    assert rows[0]["chance"] == rows[1]["chance"]
    assert rows[2]["chance"] is None
    one, other = taught.explain("p003", "p040").match.history, taught.explain("p040", "p003").match.history
    assert one["chance"] == other["chance"] == rows[0]["chance"]
    assert (one["yours"], one["theirs"]) == (other["theirs"], other["yours"])


def test_contributions_add_up_to_the_log_odds_of_each_side(taught):
    history = taught.explain("p003", "p040").match.history
    assert set(history["contributions"]) == {"yours", "theirs"}
    for side, parts in history["contributions"].items():
        assert tuple(parts) == taught.fitted.learned.model.names
        assert sum(parts.values()) == pytest.approx(history["log_odds"][side], abs=1e-9)
    assert "contributions" not in taught.recommend("p003", 1, explain=False).matches[0].history


def test_values_each_way_stay_those_of_the_prior(plain, taught):
    before, after = (engine.score_pairs([("p003", "p040")]).rows[0] for engine in (plain, taught))
    assert {**before, "chance": None} == {**after, "chance": None}


def test_the_dial_reaches_from_the_small_to_the_giants(taught):
    stratum = taught.fitted.learned.model.stratum

    def listed(weight):
        found = taught.recommend("p012", 10, popularity_weight=weight, diversity=0.0, explain=False)
        return np.bincount(stratum[[taught.fitted.rows[match.partner] for match in found]], minlength=3)

    assert listed(0.0)[2] == 9 and listed(1.0)[0] > listed(0.5)[0]


def test_a_profile_that_is_not_stored_is_ranked_as_one_without_history(taught):
    found = taught.recommend(make_partner(12, id="newcomer", name="Newcomer"), 10)
    assert found.basis == LEARNED and len(found) == 10
    shown = taught.fitted.learned.facts["chance_shown"]["cold"]
    assert all((match.history["chance"] is not None) == shown for match in found)
    stored = taught.fitted.space.side(12)
    asked = taught.fitted.taught.judge(dataclasses.replace(stored, row=None), np.arange(20, 30))
    assert np.isfinite(asked.odds).all() and np.isfinite(asked.order).all()


def test_partners_after_the_training_are_newcomers_and_changed_ones_keep_their_history(taught):
    fitted = taught.fitted
    late = [make_partner(12, description="Something new."), make_partner(200)]
    changed = with_changes(fitted, [place(fitted, one, WordEncoder()) for one in late], ["p013"])
    engine = taught.on(changed, WordEncoder())
    model = changed.taught
    assert model.place[changed.rows["p012"]] == fitted.rows["p012"]
    assert model.place[changed.rows["p200"]] == COUNT
    assert model.learned.model.kind(np.array([COUNT]), np.array([0]))[0] >= 3  # without a link
    before = taught.score_pairs([("p003", "p040")]).rows[0]
    assert engine.score_pairs([("p003", "p040")]).rows[0]["chance"] == before["chance"]
    assert "p013" not in {match.partner for match in engine.recommend("p012", 50, explain=False)}
    assert len(engine.recommend("p200", 10)) == 10


def test_lists_in_bulk_are_those_of_recommend(taught, tmp_path):
    version = save(taught.fitted, tmp_path)
    lister = Lister.load(version, background_check=False)
    lister.open_lists()
    rows = [0, 12, 90]
    for row, others, _ in lister.lists(rows, Settings()):
        asked = taught.recommend(taught.fitted.space.ids[row], 10, explain=False)
        assert [taught.fitted.space.ids[other] for other in others] == [match.partner for match in asked]


def test_scores_in_bulk_have_the_chances_of_score_pairs(taught, tmp_path):
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, COUNT, (2, 60))
    a, b = a[a != b], b[a != b]
    found = taught.fitted.taught.judge_pairs(a, b).chance
    ids = taught.fitted.space.ids
    rows = taught.score_pairs([(ids[one], ids[other]) for one, other in zip(a, b, strict=True)]).rows
    assert found == pytest.approx([row["chance"] for row in rows], abs=2e-6)


def test_a_version_that_learned_outlives_its_files(taught, tmp_path):
    version = save(taught.fitted, tmp_path, current=False)
    assert not (tmp_path / "current").exists()
    again = Matchmaker.load(version)
    for partner in ("p000", "p077"):
        assert again.recommend(partner, 10).to_dict() == taught.recommend(partner, 10).to_dict()
    load = f"import sys; from matchmaker import Matchmaker; Matchmaker.load({str(version)!r})"
    asked = f"{load}.recommend('p000'); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numba", "sklearn", "torch"} & set(told)
    with pytest.raises(SettingsError, match="has learned"):
        make_lists(version)


def test_retrieval_hands_down_whom_history_speaks_for(taught):
    """Where partners are found by channels, the ones that only history knows of are among them."""
    config = taught.fitted.config.model_copy(update={"exhaustive_below": 0, "channel_quota": 16})
    engine = Matchmaker(config, encoder=WordEncoder())
    engine._fitted = dataclasses.replace(taught.fitted, config=config)
    found = engine.recommend("p012", 10, explain=False)
    whole = taught.recommend("p012", 10, explain=False)
    assert any("history" in match.channels for match in found)
    assert len({match.partner for match in found} & {match.partner for match in whole}) >= 7


@pytest.mark.parametrize("name", ["learned_near_rows", "learned_links", "learned_stratum"])
def test_arrays_that_point_outside_are_one_error(taught, tmp_path, name):
    version = save(taught.fitted, tmp_path)
    path = version / f"{name}.npy"
    array = np.load(path)
    array[0] = np.iinfo(array.dtype).max
    np.save(path, array)
    resealed(version)
    with pytest.raises(BundleCorruptError, match=name):
        Matchmaker.load(version)


def test_weights_that_changed_no_longer_give_the_golden_answers(taught, tmp_path):
    version = save(taught.fitted, tmp_path)
    path = version / "learned_rankers.npy"
    np.save(path, np.load(path) * 1.5)
    resealed(version)
    with pytest.raises(BundleCorruptError, match="golden"):
        Matchmaker.load(version)


def test_training_writes_a_version_that_is_not_current(plain, tmp_path):
    plain.save(tmp_path / "bundle")
    current = (tmp_path / "bundle" / "current").read_text()
    done = train(tmp_path / "bundle")
    assert (tmp_path / "bundle" / "current").read_text() == current
    facts = done.lesson.learned.facts
    assert facts["base"] == current.strip() and facts["from"] == "links" and facts["gate"]["passed"]
    assert Matchmaker.load(done.version).basis == LEARNED
    assert Matchmaker.load(tmp_path / "bundle").basis == BASIS
    card = (done.version / "MODEL_CARD.md").read_text()
    for words in (
        "learned from links",
        "The gate let it pass.",
        "| warm | matched.auc |",
        "Links 892",
        "Left out: nothing",
        "Brier skill +",
    ):
        assert words in card
    with pytest.raises(SettingsError, match="is a version"):
        train(done.version)
    before = sorted((tmp_path / "bundle").iterdir())
    assert train(tmp_path / "bundle", write=False).version is None
    assert sorted((tmp_path / "bundle").iterdir()) == before


def test_what_is_told_without_links_is_what_was_learned_from(taught):
    blind = taught.fitted.taught.space
    assert np.array_equal(blind.topic, taught.fitted.space.topic)
    assert not len(texts.without_links(taught.fitted.space).labels["neighbours"].codes)
    assert not len(blind.labels["neighbours"].codes)
