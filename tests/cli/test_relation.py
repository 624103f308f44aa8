"""`recommend --relation collision`: who is on a course with a partner, with the chance and the kind."""

import json

import pytest
from typer.testing import CliRunner

from matchmaker.cli.app import app
from matchmaker.errors import SettingsError
from matchmaker.trajectories.wording import NOT_SHOWN
from tests.service.moving import OWN, moving_sample

run = CliRunner().invoke


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundle")
    moving_sample().save(folder)
    return str(folder)


def test_the_table_shows_chance_and_kind_and_json_the_course(model):
    asked = ["recommend", OWN, "-m", model, "--relation", "collision", "--include-existing"]
    shown = run(app, asked, env={"COLUMNS": "250"})
    assert shown.exit_code == 0
    row = next(line for line in shown.stdout.splitlines() if "Klaviyo" in line)
    assert "100%, future rival or merger" in row
    assert "capabilities: converging" in shown.stdout
    assert NOT_SHOWN in " ".join(shown.stdout.split())
    matches = json.loads(run(app, [*asked, "--json"]).stdout)["matches"]
    (course,) = (one["collision"] for one in matches if one["partner"] == "klaviyo")
    assert (course["verdict"], course["facet"]) == ("converging", "capabilities")


def test_where_nobody_was_seen_the_basis_stands_in_the_table(model):
    shown = run(app, ["recommend", "ups", "-m", model, "--relation", "collision"], env={"COLUMNS": "250"})
    row = next(line for line in shown.stdout.splitlines() if "Loop Returns" in line)
    assert "stated, not observed" in row


def test_any_other_relation_is_refused(model):
    refused = run(app, ["recommend", OWN, "-m", model, "--relation", "orbit"])
    assert isinstance(refused.exception, SettingsError) and "collision" in str(refused.exception)
