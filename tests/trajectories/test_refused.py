"""Snapshots that are refused are said beside their partner, and change nothing else."""

import json

import pandas as pd
import pytest

from matchmaker.engine import Matchmaker
from matchmaker.errors import CatalogueError
from matchmaker.trajectories.history import read_snapshots
from matchmaker.trajectories.motion import Motion
from matchmaker.trajectories.refused import refusal
from tests.conftest import make_catalogue
from tests.trajectories.test_command import run  # noqa: F401 - a fixture
from tests.trajectories.test_history import TODAY, table
from tests.words import WordEncoder

ASKED = ("east", "--years", "0.5", "--least", "0.01")
EAST = "One snapshot of East was refused: it is dated in the future."
WEST = "One snapshot of West was refused: it is a second one of its day"


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ({}, None),
        ({"future_date": 1}, "One snapshot of A was refused: it is dated in the future."),
        ({"missing_date": 2}, "2 snapshots of A were refused: they have no date."),
        (
            {"missing_date": 1, "invalid_size": 1, "not_a_number": 2},
            "4 snapshots of A were refused: 3 have a cell that cannot be read, 1 has no date.",
        ),
    ],
)
def test_one_sentence_for_a_partner(codes, said):
    assert refusal("A", codes) == said


def spoilt():
    """The snapshots, with a row too many of each of two partners, and all rows of a third of no day."""
    good = table()
    bad = good[good["id"].isin(["east", "west"])].groupby("id").tail(1).copy()
    bad.loc[bad["id"] == "east", "as_of"] = "2099-01-01"
    nowhere = good[good["id"] == "p05"].assign(id="lost", name="Lost", as_of=None).head(2)
    return pd.concat([good, bad, nowhere])


def test_refused_rows_are_counted_by_partner_where_it_can_be_told():
    nobody = pd.DataFrame([{"id": None, "name": None, "as_of": "2024-01-01"}])
    by_name = pd.DataFrame([{"id": None, "name": "East", "as_of": "no day"}])
    history = read_snapshots(pd.concat([spoilt(), nobody, by_name]), today=TODAY)
    assert history.report.table("snapshots").refused == 6
    assert {name: dict(codes) for name, codes in history.refused.items()} == {
        "east": {"future_date": 1, "invalid_date": 1},
        "west": {"duplicate_snapshot": 1},
        "lost": {"missing_date": 2},
    }


def test_the_command_says_so_in_json_and_table_changes_no_number_and_ends_with_5(run):  # noqa: F811
    spoilt().to_parquet("spoilt.parquet")
    good = run(*ASKED, "--snapshots", "snapshots.parquet", "--json")
    done = run(*ASKED, "--snapshots", "spoilt.parquet", "--json")
    assert (good.exit_code, done.exit_code) == (0, 5)
    clean, found = json.loads(good.stdout), json.loads(done.stdout)
    assert found["notes"] == [*clean["notes"], EAST]
    west = next(one for one in found["collisions"] if one["partner"] == "west")
    assert west["evidence"].pop() == WEST
    assert found | {"notes": clean["notes"]} == clean
    shown = run(*ASKED, "--snapshots", "spoilt.parquet")
    assert shown.exit_code == 5
    assert f"Note: {EAST}" in shown.stdout and WEST in " ".join(shown.stdout.split())


def test_a_backtest_of_files_with_refused_rows_ends_with_5_too(run):  # noqa: F811
    asked = ("--backtest", "--years", "0.25", "--json", "--snapshots")
    spoilt().to_parquet("spoilt.parquet")
    good, done = run(*asked, "snapshots.parquet"), run(*asked, "spoilt.parquet")
    assert (good.exit_code, done.exit_code) == (0, 5)
    assert good.stdout == done.stdout


def test_who_has_no_snapshot_left_is_told_why(run):  # noqa: F811
    spoilt().to_parquet("spoilt.parquet")
    with pytest.raises(CatalogueError, match="2 snapshots of lost were refused: they have no date"):
        run("lost", "--snapshots", "spoilt.parquet")


def test_a_bundle_keeps_what_was_refused_and_one_without_is_as_it_was(tmp_path):
    rows = [
        {"id": f"p{n:03}", "name": f"P{n}", "as_of": f"2024-0{month}-01", "audience": f"shops {n} {month * n}"}
        for n in range(11)
        for month in (1, 3, 5, 7)
    ]
    late = [{**rows[0], "as_of": "2099-01-01"}, {**rows[0], "id": "p011", "as_of": None}]
    good, bad = (read_snapshots(pd.DataFrame(one), today=TODAY) for one in (rows, [*rows, *late]))
    engines = [Matchmaker(encoder=WordEncoder()).fit(make_catalogue(12), snapshots=one) for one in (good, bad)]
    plain, kept = (one.fitted.motion.arrays() for one in engines)
    assert not [name for name in plain if "refused" in name]
    assert Motion.from_arrays(plain).refused == {}
    assert set(kept) - set(plain) == {name for name in kept if name.startswith("refused")} != set()
    engine = Matchmaker.load(engines[1].save(tmp_path / "bundle"), background_check=False)
    name = engine.fitted.profiles.names[0]
    said = f"One snapshot of {name} was refused: it is dated in the future."
    assert engine.collisions("p000").notes[-1] == engine.orbit("p000").notes[-1] == said
    unseen = engine.collisions("p011")
    assert unseen.notes[1].endswith("was refused: it has no date.")
    assert engine.collisions("p001").notes == engines[0].collisions("p001").notes
