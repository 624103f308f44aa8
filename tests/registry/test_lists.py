import json
import math
import shutil

import numpy as np
import pytest

from matchmaker.ahead import Noting, contenders, make_lists, would_enter
from matchmaker.matching.fit_type import COMPETITOR
from matchmaker.registry import lists
from matchmaker.registry.bundle import open_bundle
from tests.conftest import ROOT
from tests.registry.damage import resealed


@pytest.fixture(scope="module")
def version(prepared):
    return open_bundle(prepared).folder


@pytest.fixture(scope="module")
def noting(prepared):
    return Noting.load(prepared, background_check=False)


def test_a_list_is_the_one_that_recommend_gives(noting, version):
    found = lists.read(version, len(noting.fitted.space))
    assert len(found) == len(noting.fitted.space)
    for row, partner in enumerate(noting.fitted.space.ids):
        made, asked = found.made(row), noting.recommend(partner, explain=False)
        assert made.matches == [match.to_dict() for match in asked.matches]
        assert (made.notes, made.settings, made.considered) == (asked.notes, asked.settings, asked.considered)
        assert [noting.fitted.space.ids[other] for other in made.listed] == [match.partner for match in asked.matches]


def test_who_would_enter_a_list():
    steps = np.array([[1.0, 0.6, 0.5, *[0.4] * 7]] * 5)
    share = np.array([1.0, 0.85, 0.86, 0.58, 0.7])
    near = np.zeros((5, 10))
    near[4] = 1.0
    assert would_enter(share, near, steps).tolist() == [True, True, True, True, False]
    assert would_enter(np.array([0.56]), np.zeros((1, 10)), steps[:1]).tolist() == [False]
    short = np.array([[1.0, *[0.4] * 8, -math.inf]])
    assert would_enter(np.array([0.1]), np.zeros((1, 10)), short).tolist() == [True]


def test_a_place_is_won_by_the_score_that_is_noted(noting):
    noting.recommend("p003", 10, explain=False)
    steps = list(noting.steps)
    assert len(steps) == 10 and steps[0] == 1.0 and steps[1] < 1.0
    assert noting.best > 0


def test_contenders_are_all_others_in_a_small_ecosystem(noting):
    rows, nats, rivals = contenders(noting.fitted, 3)
    assert rows.tolist() == [row for row in range(len(noting.fitted.space)) if row != 3]
    for row, one, rival in zip(rows.tolist(), nats.tolist(), rivals.tolist(), strict=True):
        found = noting.explain("p003", noting.fitted.space.ids[row]).match
        assert rival == (found.fit_type == COMPETITOR)
        back, theirs, _ = contenders(noting.fitted, row)
        assert one == pytest.approx(theirs[back == 3][0])  # the same from both ends


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-100]),
        lambda path: path.write_bytes(b"nothing like it" * 100),
    ],
)
def test_a_file_that_cannot_be_used_is_not_used(noting, version, tmp_path, change):
    copy = tmp_path / version.name
    copy.mkdir()
    lists.path_of(copy).write_bytes(lists.path_of(version).read_bytes())
    assert lists.read(copy, len(noting.fitted.space)) is not None
    change(lists.path_of(copy))
    assert lists.read(copy, len(noting.fitted.space)) is None


def test_lists_of_another_version_or_number_of_partners_are_not_used(noting, version, tmp_path):
    other = tmp_path / "another"
    other.mkdir()
    lists.path_of(other).write_bytes(lists.path_of(version).read_bytes())
    assert lists.read(other, len(noting.fitted.space)) is None
    assert lists.read(version, len(noting.fitted.space) + 1) is None


def test_a_changed_byte_is_noticed(noting, version, tmp_path):
    count = len(noting.fitted.space)
    whole = lists.path_of(version).read_bytes()
    copy = tmp_path / version.name
    copy.mkdir()
    for place in range(0, len(whole), len(whole) // 50):
        lists.path_of(copy).unlink(missing_ok=True)
        lists.path_of(copy).write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        assert lists.read(copy, count) is None


def test_a_version_from_before_there_was_learning_has_lists_too(tmp_path):
    """Its manifest says nothing of learning."""
    shutil.copytree(ROOT / "models" / "sample", tmp_path / "sample")
    (version,) = tmp_path.glob("sample/2*")
    told = json.loads((version / "manifest.json").read_text())
    assert told.pop("learned", None) is None
    (version / "manifest.json").write_text(json.dumps(told))
    resealed(version)
    assert make_lists(tmp_path / "sample", processes=1).is_file()
