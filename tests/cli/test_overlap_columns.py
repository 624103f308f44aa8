"""Columns of an accounts file that feed no field are said by validate and build too."""

import json

import pytest
from typer.testing import CliRunner

from matchmaker.cli.app import app
from tests.batch.tables import write


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setenv("MATCHMAKER_ACCOUNT_KEY", "a key of the tests, long enough")
    (tmp_path / "partners.csv").write_text("id,name\na,Alpha\nb,Beta\n")
    rows = [{"partner": "a", "account": f"s{number % 40}.com", "segmnet": "shops", "": "x"} for number in range(80)]
    return tmp_path, rows


def validate(folder, accounts, *more):
    done = CliRunner().invoke(app, ["validate", str(folder / "partners.csv"), "--accounts", str(accounts), *more])
    assert done.exit_code == 0, done.output  # never fatal
    return done.stdout


@pytest.mark.parametrize("kind", [".csv", ".jsonl", ".parquet", ".json"])
def test_validate_names_and_counts_columns_that_are_not_read(files, kind):
    folder, rows = files
    path = folder / f"accounts{kind}"
    if kind == ".json":
        path.write_text(json.dumps(rows))
    else:
        write(path, rows)
    told = json.loads(validate(folder, path, "--json"))
    assert told["codes"] == {"note:repeated_account": 40, "note:unknown_column": 2}
    first, second = told["issues"][:2]  # before what is said of rows, or forty of those would hide them
    assert (first["column"], first["found"], first["severity"], first["row"]) == ("segmnet", "segmnet", "note", None)
    assert second["column"] == "column 4"
    assert "segmnet" in validate(folder, path)


def test_a_column_that_is_read_or_mapped_is_not_said(files):
    folder, _ = files
    path = write(
        folder / "accounts.csv", [{"Vendor": "a", "their site": "s1.com", "segment": "x", "date": "2026-01-01"}]
    )
    (folder / "map.toml").write_text('[accounts]\naccount = "their site"\n')
    assert json.loads(validate(folder, path, "--json", "--map-file", str(folder / "map.toml")))["codes"] == {}
