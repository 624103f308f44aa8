"""What the gate says where the truth is known: circles that no text tells of, mere fame, mere chance."""

import numpy as np
import pytest

from matchmaker.errors import SettingsError
from matchmaker.profiles.schema import Relation
from matchmaker.training.history import history_of
from matchmaker.training.train import learn
from matchmaker.training.trial import OURS, POPULARITY, PRIOR, WEIGHTS
from tests.training.conftest import COUNT, circles, ecosystem


@pytest.fixture(scope="module")
def lesson(circled):
    return learn(circled.fitted, history_of(circled.fitted))


def test_hidden_circles_are_learned_and_pass_the_gate(lesson):
    assert lesson.verdict.passed, lesson.verdict.to_text()
    warm = lesson.trial.reports["warm"].figures
    assert warm[OURS]["matched.auc"].estimate > 0.7 > 0.55 > warm[PRIOR]["matched.auc"].estimate
    assert warm[OURS]["tail.recall@10"].estimate > 4 * warm[PRIOR]["tail.recall@10"].estimate


def test_the_chance_is_calibrated_on_partners_it_was_not_fitted_on(lesson):
    warm = lesson.trial.probabilities["warm"]
    assert warm.skill.low > 0
    assert warm.ece < 0.05
    assert warm.base_rate == pytest.approx(0.5 * 892 / (COUNT * (COUNT - 1) / 2), rel=0.2)


def test_partners_of_a_circle_are_likelier(lesson):
    rows = np.arange(COUNT)
    learned = lesson.learned
    same = circles()
    means = []
    for row in (0, 50, 99):
        others = rows[rows != row]
        said = np.zeros((len(others), len(learned.model.mean_said)))
        chance = learned.judge(said, np.full(len(others), row), others).chance
        means.append((chance[same[row][others]].mean(), chance[~same[row][others]].mean()))
    assert all(inside > 2 * outside for inside, outside in means)


def test_the_same_seed_gives_the_same_bytes_and_the_same_verdict(circled, lesson):
    again = learn(circled.fitted, history_of(circled.fitted))
    assert again.learned.facts == lesson.learned.facts
    arrays = again.learned.arrays()
    assert all(array.tobytes() == arrays[name].tobytes() for name, array in lesson.learned.arrays().items())


def test_the_dial_trades_fame_for_the_tail(lesson):
    assert tuple(point.weight for point in lesson.trial.dial) == WEIGHTS
    tail = [point.tail.estimate for point in lesson.trial.dial]
    assert tail[0] > tail[-1]


def test_mere_fame_is_refused(famed):
    found = learn(famed.fitted, history_of(famed.fitted))
    assert not found.verdict.passed
    warm = found.trial.reports["warm"].figures
    assert warm[POPULARITY]["all.ndcg@10"].estimate > 2 * warm[PRIOR]["all.ndcg@10"].estimate
    assert {"gain", "not_fame"} & {check.name for check in found.verdict.failed}


def test_mere_chance_is_refused():
    engine = ecosystem(np.full((COUNT, COUNT), 0.06), seed=7)
    found = learn(engine.fitted, history_of(engine.fitted))
    assert "gain" in {check.name for check in found.verdict.failed}
    assert found.trial.probabilities["warm"].skill.high < 0.005


def test_partners_linked_with_everybody_teach_nothing():
    chance = np.zeros((COUNT, COUNT))
    chance[5:8] = chance[:, 5:8] = 1.0
    engine = ecosystem(chance)
    history = history_of(engine.fitted)
    told = history.left_out.to_dict()["of a partner that is linked with nearly everybody"]
    assert told == {"rows": 3 * (COUNT - 1) - 3, "first": ["p005", "p006", "p007"]}
    with pytest.raises(SettingsError, match="0 links are too few"):
        learn(engine.fitted, history)


def test_one_partner_with_a_million_relations_changes_nothing_for_the_others(circled):
    poison = [
        Relation(a="p005", b=f"p{number:03d}", type="partnership", weight=1e6) for number in range(COUNT) if number != 5
    ]
    poisoned, clean = history_of(circled.fitted, poison), history_of(circled.fitted)
    assert "p005" in poisoned.left_out.to_dict()["of a partner that is linked with nearly everybody"]["first"]
    others = clean.links.ends[(clean.links.ends != 5).all(axis=1)]
    assert np.array_equal(poisoned.links.ends, others)
    assert poisoned.links.strength.max() == 1.0


def test_too_few_links_are_refused_in_a_sentence(engine):
    with pytest.raises(SettingsError, match="1 links are too few to learn from"):
        learn(engine.fitted, history_of(engine.fitted))
    with pytest.raises(SettingsError, match="No accounts are known"):
        learn(engine.fitted, history_of(engine.fitted), source="accounts")
    with pytest.raises(SettingsError, match="not from 'stars'"):
        learn(engine.fitted, history_of(engine.fitted), source="stars")
