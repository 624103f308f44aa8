import json

import pytest
import typer
from typer.testing import CliRunner

from matchmaker.cli.collisions import register
from matchmaker.errors import SettingsError, UnknownPartnerError
from tests.trajectories.test_history import table
from tests.words import WordEncoder

WORDING = "trajectories are converging; on this data that has not been shown to predict partnerships"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr("matchmaker.encoders.open_encoder", lambda *_, **__: WordEncoder())
    monkeypatch.chdir(tmp_path)
    table().to_parquet("snapshots.parquet")
    app = typer.Typer()
    register(app)

    def ask(*words):
        done = CliRunner().invoke(app, [*words])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return ask


def test_collisions_of_a_partner_and_its_picture(run, tmp_path):
    asked = ("east", "--snapshots", "snapshots.parquet", "--years", "0.5", "--least", "0.01")
    done = run(*asked, "--json", "--figure", "orbit.svg")
    found = json.loads(done.stdout)
    assert found["wording"] == WORDING
    west = next(one for one in found["collisions"] if one["partner"] == "west")
    assert west["verdict"] == "converging" and west["kinds"] == ["partner now"]
    assert west["until"] == "2025-04-01"
    assert (tmp_path / "orbit.svg").read_text().startswith("<?xml")
    shown = run(*asked)
    assert "West" in shown.stdout and "partner now: they come to serve the same customers" in " ".join(
        shown.stdout.split()
    )
    assert WORDING[1:] in " ".join(shown.stdout.split())
    assert "snapshots: 496 read, 496 kept, 0 refused" in shown.stderr


def test_wrong_questions(run):
    with pytest.raises(SettingsError, match="--snapshots"):
        run("--backtest")
    with pytest.raises(SettingsError, match="not both"):
        run("--snapshots", "snapshots.parquet")
    with pytest.raises(UnknownPartnerError, match="east"):
        run("esat", "--snapshots", "snapshots.parquet")
    with pytest.raises(SettingsError, match=r"\.png"):
        run("east", "--snapshots", "snapshots.parquet", "--figure", "orbit.xyz")
