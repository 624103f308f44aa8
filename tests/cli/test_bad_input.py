"""Whatever is handed in: one clear error with its exit status, or a reported row; never a traceback, nothing half-written."""

import csv
import json
import math
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from matchmaker import Matchmaker, load_catalogue
from matchmaker.cli.app import app
from matchmaker.errors import MatchmakerError
from tests.cli.process import ALONE, GOOD, NEWCOMER, OTHER, answers, matchmaker, one_error, tree

run = CliRunner().invoke


def short_parquet(path):
    pq.write_table(pa.table({"name": [f"partner {number}" for number in range(200)]}), path)
    path.write_bytes(path.read_bytes()[:300])


def latin_parquet(path):
    ends = pa.py_buffer(np.array([0, 1, 3], dtype=np.int32).tobytes())
    pq.write_table(
        pa.table({"name": pa.Array.from_buffers(pa.string(), 2, [None, ends, pa.py_buffer(b"A\xff\xfe")])}), path
    )


FILE, COLUMN, SETTING = (3, "catalogue_unusable"), (3, "column_missing"), (2, "invalid_setting")
# A catalogue that is wrong as a whole: what stands in which file, the exit status and code, and what the error must say.
WRONG_FILES = {
    "missing column": ("c.csv", "firm,what\nA,B\n", COLUMN, ["c.csv", "'name'", "Columns there: firm, what", "--map name="]),
    "broken UTF-8": ("c.csv", b"id,name\na,caf\xe9\n", FILE, ["c.csv", "byte 13 (line 2) is 0xe9", "Save it as UTF-8"]),
    "broken UTF-8 in JSON": ("c.jsonl", b'{"name": "caf\xe9"}\n', FILE, ["c.jsonl", "byte 13 (line 1)", "UTF-8"]),
    "broken UTF-8 in Parquet": ("c.parquet", latin_parquet, FILE, ["c.parquet", "column 'name'", "UTF-8"]),
    "empty file": ("c.csv", "", FILE, ["c.csv is empty"]),
    "blank lines": ("c.csv", "\n\n", FILE, ["c.csv is empty"]),
    "empty array": ("c.json", "[]", FILE, ["c.json is empty"]),
    "header only": ("c.csv", "id,name\n", FILE, ["c.csv", "0 read", "at least one row with a name"]),
    "every row refused": ("c.csv", "name,size\nA,-1\n", FILE, ["c.csv", "row 1, column 'size'", "above 0", "'-1'"]),
    "truncated Parquet": ("c.parquet", short_parquet, FILE, ["c.parquet is not a whole Parquet file", "truncated"]),
    "double column": ("c.csv", "name,name\nA,B\n", FILE, ["c.csv", "two columns named 'name'", "Rename"]),
    "unknown kind": ("c.doc", "name\nA\n", FILE, ["c.doc", "Known endings", ".csv"]),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_FILES)
def test_a_file_that_is_wrong_as_a_whole_changes_nothing(case, tmp_path):
    name, content, expected, said = WRONG_FILES[case]
    path = tmp_path / name
    if callable(content):
        content(path)
    else:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = matchmaker("build", name, "-o", "out", cwd=tmp_path)
    one_error(done, *expected, *said)
    assert done.stdout == ""
    assert os.listdir(tmp_path) == [name]


# Good partners, and something else that is wrong: the options, the exit status and code, and what the error must say.
WRONG_COMPANY = {
    "no such file": (["-r", "none.csv"], FILE, ["none.csv is not a file"]),
    "relations without columns": (["-r", "good.csv"], COLUMN, ["good.csv", "'a'", "[relations]", "--map-file"]),
    "empty relations": (["-r", "empty.csv"], FILE, ["empty.csv is empty"]),
    "map of no field": (["--map", "audiance=name"], SETTING, ["'audiance' is no field", "Fields: id, name"]),
    "map of no column": (["--map", "audience=Whom"], COLUMN, ["good.csv", "'Whom'", "Columns there: id, name"]),
    "map without a column": (["--map", "audience"], SETTING, ["'audience'", 'field="Column"']),
    "no map file": (["--map-file", "m.toml"], SETTING, ["m.toml", "No such file"]),
    "map file of no table": (["--map-file", "flat.toml"], SETTING, ["flat.toml", "[partners]"]),
    "map file of numbers": (["--map-file", "number.toml"], SETTING, ["number.toml", "audience", "3"]),
    "accounts without key": (["-a", "accounts.csv"], SETTING, ["MATCHMAKER_ACCOUNT_KEY", "at least 16"]),
    "no encoder": (["--encoder", "no/such"], (4, "encoder_unusable"), ["'no/such'", "Use minilm, static"]),
    "output is a file": (["-o", "empty.csv"], (4, "storage_failed"), ["empty.csv", "File exists", "another folder"]),
}
COMPANY = {
    "good.csv": GOOD,
    "empty.csv": "",
    "flat.toml": "partners = 3",
    "number.toml": "[partners]\naudience = 3",
    "accounts.csv": "partner,account\nalpha,shop.example\n",
}


@pytest.mark.parametrize("case", WRONG_COMPANY)
def test_what_comes_with_good_partners_is_checked_before_anything_is_written(case, warm, tmp_path):
    options, expected, said = WRONG_COMPANY[case]
    for name, content in COMPANY.items():
        (tmp_path / name).write_text(content)
    before = tree(tmp_path)
    done = matchmaker("build", "good.csv", "-o", "out", *options, cwd=tmp_path)
    one_error(done, *expected, *said)
    assert done.stdout == ""
    assert tree(tmp_path) == before


def test_a_short_account_key_is_refused_and_no_account_is_told(tmp_path):
    (tmp_path / "good.csv").write_text(GOOD)
    (tmp_path / "a.csv").write_text("partner,account\nalpha,secret-shop.example\n")
    done = matchmaker(
        "validate", "good.csv", "-a", "a.csv", cwd=tmp_path, environment={"MATCHMAKER_ACCOUNT_KEY": "short"}
    )
    one_error(done, 2, "invalid_setting", "MATCHMAKER_ACCOUNT_KEY has 5 characters", "at least 16")
    assert "secret-shop" not in done.stdout + done.stderr


def test_an_account_key_may_hold_any_bytes(tmp_path):
    (tmp_path / "good.csv").write_text(GOOD)
    (tmp_path / "a.csv").write_text("partner,account\nalpha,shop.example\n")
    done = subprocess.run(
        [sys.executable, "-m", "matchmaker.cli.app", "validate", "good.csv", "-a", "a.csv"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={**os.environb, b"MATCHMAKER_ACCOUNT_KEY": b"\xff\xfe and sixteen more"},
    )
    assert done.returncode == 0, done.stderr


def test_bad_rows_are_reported_and_the_rest_is_built(warm, tmp_path):
    """Duplicate ids, a cell of 10 MB in a field and one in a column of its own, a bad size, a row of too many cells."""
    huge = "x" * 10_000_000
    rows = [
        ["id", "name", "description", "size", "note"],
        [*ALONE.values(), "10", "kept"],
        ["alpha", "Alpha again", "", "", ""],
        ["beta", "Beta", huge, "", ""],
        [*OTHER.values(), "20", huge],
        ["delta", "Delta", "", "many", ""],
        ["epsilon", "Epsilon", "", "", "", "", "more"],
    ]
    with (tmp_path / "c.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    done = matchmaker("validate", "c.csv", "--json", "--report", "report.csv", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr == ""
    answer = json.loads(done.stdout)
    assert answer["tables"]["partners"] == {"read": 6, "kept": 2, "refused": 4}
    found = {(issue["row"], issue["code"], issue["column"]): issue for issue in answer["issues"]}
    assert set(found) == {
        (2, "duplicate_id", "id"),
        (3, "cell_too_long", "description"),
        (4, "extra_left_out", "note"),
        (5, "invalid_size", "size"),
        (6, "unreadable_row", None),
    }
    assert found[2, "duplicate_id", "id"]["found"] == "alpha"
    assert "200,000 characters" in found[3, "cell_too_long", "description"]["expected"]
    assert all(issue["file"] == "c.csv" and len(issue["found"]) <= 80 for issue in answer["issues"])
    assert len(done.stdout) < 5_000
    with (tmp_path / "report.csv").open(newline="") as file:
        assert [row["code"] for row in csv.DictReader(file)] == [issue["code"] for issue in answer["issues"]]
    built = matchmaker("build", "c.csv", "-o", "out", cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    assert "partners: 6 read, 2 kept, 4 refused" in built.stderr
    assert len(built.stderr) < 5_000
    assert [match["partner"] for match in answers(tmp_path / "out")] == ["gamma"]
    assert Matchmaker.load(tmp_path / "out").fitted.voice(0).name == "Alpha"


def test_rows_of_text_that_no_encoding_takes_are_reported(tmp_path):
    lines = ['{"name": "A", "size": "\\ud800"}', '{"name": "B\\udfff", "\\ud800 column": 1, "extra": {"\\ud801": 2}}']
    (tmp_path / "c.jsonl").write_text("\n".join(lines))
    done = matchmaker("validate", "c.jsonl", "--json", "--report", "r.csv", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (3, "")
    assert json.loads(done.stdout)["codes"] == {"refused:invalid_size": 1}
    shown = matchmaker("validate", "c.jsonl", cwd=tmp_path)
    assert (shown.returncode, "Traceback" in shown.stderr) == (3, False)
    partner = load_catalogue(tmp_path / "c.jsonl").partners[0]
    assert partner.extra == {"\ufffd column": 1, "\ufffd": 2}


NAN_CELLS = {
    "id": ["a", "b", None],
    "name": ["A", None, "C"],
    "description": [None, "parcels for shops", None],
    "goals": [["more parcels", None], None, ["x"]],
    "size": [math.nan, 5.0, math.nan],
    "extra": [{"tier": math.nan}, {"tier": 1.5}, None],
    "score": [math.nan, 2.0, 3.0],
    "as_of": [None, pd.Timestamp("2026-01-02"), pd.NaT],
}


def test_nan_in_a_frame_says_nothing(encoder):
    filled = pd.DataFrame(
        {name: [math.nan if cell is None else cell for cell in cells] for name, cells in NAN_CELLS.items()}
    )
    filled["flag"] = pd.array([True, None, None], dtype="boolean")
    filled["count"] = pd.array([None, 2, None], dtype="Int64")
    catalogue = load_catalogue(filled)
    assert [(p.id, p.name, p.description, p.goals, p.size) for p in catalogue.partners] == [
        ("a", "A", "", ("more parcels",), None),
        ("b", "b", "parcels for shops", (), 5.0),
        ("c", "C", "", ("x",), None),
    ]
    assert [partner.extra for partner in catalogue.partners] == [
        {"flag": True},
        {"tier": 1.5, "score": 2.0, "count": 2},
        {"score": 3.0},
    ]
    assert catalogue.report.codes == {}
    scores = Matchmaker(encoder=encoder).fit(catalogue).score_pairs([("a", "b"), ("b", "c"), ("c", "a")]).to_frame()
    assert np.isfinite(scores[["mutual", "value_to_a", "value_to_b"]].to_numpy()).all()


def test_nan_in_parquet_says_nothing_and_infinity_is_reported(tmp_path):
    columns = {name: cells for name, cells in NAN_CELLS.items() if name != "as_of"}
    pq.write_table(pa.table(columns), tmp_path / "c.parquet")
    done = matchmaker("validate", "c.parquet", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["codes"] == {}
    pq.write_table(pa.table({**columns, "size": [math.inf, 5.0, math.nan]}), tmp_path / "c.parquet")
    done = matchmaker("validate", "c.parquet", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (3, "")
    [issue] = json.loads(done.stdout)["issues"]
    assert (issue["row"], issue["column"], issue["code"], issue["found"]) == (1, "size", "invalid_size", "inf")


def test_one_partner_alone_gets_an_empty_list_and_a_note(warm, tmp_path):
    (tmp_path / "one.json").write_text(json.dumps(ALONE))
    built = matchmaker("build", "one.json", "-o", "out", cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    done = matchmaker("recommend", "alpha", "-m", "out", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert (answer["matches"], answer["considered"], answer["catalogue"]) == ([], 0, 1)
    assert "only 0 of the 10 asked for are eligible" in answer["notes"]
    for arguments in (["recommend", "alpha"], ["similar", "alpha"], ["doctor"]):
        assert run(app, [*arguments, "-m", str(tmp_path / "out")]).exit_code == 0


def test_an_unknown_partner_is_told_the_near_names(real):
    near = one_error(
        matchmaker("recommend", "Alpha Mial", "-m", "bundle", cwd=real), 3, "unknown_partner", "'Alpha Mial'"
    )
    assert near.endswith("Did you mean: alpha (Alpha Mail)?")
    far = one_error(matchmaker("explain", "alpha", "qqq", "-m", "bundle", cwd=real), 3, "unknown_partner", "'qqq'")
    assert far.endswith("Give an id or an exact name of the catalogue.")


# A profile that asks, of a partner that is not in the catalogue.
WRONG_PROFILES = {
    "no such file": (None, ["p.json is not a file"]),
    "a folder": ("folder", ["p.json is not a file"]),
    "broken JSON": ('[{"name":', ["p.json is not valid JSON", "line 1 column 10"]),
    "broken UTF-8": (b'[{"name": "\xff"}]', ["p.json is not UTF-8", "line 1"]),
    "two profiles": ('[{"name": "A"}, {"name": "B"}]', ["p.json must hold exactly one profile, not 2"]),
    "no profile": ("[]", ["p.json is empty"]),
    "a list of texts": ('["A"]', ["p.json", "row 1 should be a JSON object"]),
    "a bad size": ('{"name": "A", "size": "big"}', ["p.json", "row 1, column 'size'", "'big'"]),
}


@pytest.mark.parametrize("case", WRONG_PROFILES)
def test_an_unusable_profile_is_one_clear_error(case, bundle, tmp_path, monkeypatch):
    content, said = WRONG_PROFILES[case]
    path = tmp_path / "p.json"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = run(app, ["recommend", "--profile", str(path), "-m", str(bundle)])
    assert isinstance(done.exception, MatchmakerError)
    assert (done.exception.code, done.exception.exit_code, done.stdout) == ("catalogue_unusable", 3, "")
    for words in said:
        assert words in str(done.exception)


def test_a_profile_that_cannot_be_read_ends_the_process_with_one_error(real, tmp_path):
    (tmp_path / "p.json").write_text('[{"name":')
    done = matchmaker("recommend", "--profile", tmp_path / "p.json", "-m", "bundle", cwd=real)
    one_error(done, 3, "catalogue_unusable", "p.json is not valid JSON")
    assert done.stdout == ""


def test_a_lone_object_is_a_profile(real, tmp_path):
    (tmp_path / "p.json").write_text(json.dumps(NEWCOMER))
    done = matchmaker("recommend", "--profile", tmp_path / "p.json", "-m", "bundle", "--json", cwd=real)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["name"] == "New"


@pytest.mark.parametrize("what", ["nowhere", "good.csv", "."])
def test_what_is_no_bundle_says_how_to_make_one(what, real):
    done = matchmaker("recommend", "alpha", "-m", what, cwd=real)
    one_error(done, 4, "bundle_missing", f"No bundle at {what}", "matchmaker build CATALOG -o")


# Errors of every exit status, asked for as JSON.
JSON_ERRORS = {
    "unknown partner": (["recommend", "qqq", "-m", "bundle"], 3, "unknown_partner"),
    "wrong filter": (["recommend", "alpha", "-m", "bundle", "--where", "planet=mars"], 3, "invalid_filter"),
    "values and a range": (["recommend", "alpha", "-m", "bundle", "--where", "size=5", "--where", "size>=3"], 3, "invalid_filter"),
    "no limit": (["recommend", "alpha", "-m", "bundle", "--where", "size>=nan"], 3, "invalid_filter"),
    "wrong setting": (["explain", "alpha", "alpha", "-m", "bundle"], 2, "invalid_setting"),
    "neither partner nor profile": (["recommend", "-m", "bundle"], 2, "invalid_setting"),
    "no number": (["recommend", "alpha", "-k", "many"], 2, "invalid_setting"),
    "out of range": (["recommend", "alpha", "--diversity", "2"], 2, "invalid_setting"),
    "missing argument": (["explain", "alpha"], 2, "invalid_setting"),
    "unknown option": (["recommend", "alpha", "--depth", "2"], 2, "invalid_setting"),
    "unknown command": (["marry", "alpha"], 2, "invalid_setting"),
    "no bundle": (["similar", "alpha", "-m", "nowhere"], 4, "bundle_missing"),
    "no catalogue": (["build", "none.csv", "-o", "out"], 3, "catalogue_unusable"),
    "no file by that name": (["validate", os.fsdecode(b"\xff.csv")], 3, "catalogue_unusable"),
    "no sample": (["demo", "--data", "nowhere", "-o", "out"], 3, "catalogue_unusable"),
}  # fmt: skip


@pytest.mark.parametrize("case", JSON_ERRORS)
def test_an_error_asked_for_as_json_is_one_object(case, real):
    arguments, status, code = JSON_ERRORS[case]
    done = matchmaker(*arguments, "--json", cwd=real)
    assert (done.returncode, done.stdout) == (status, "")
    answer = json.loads(done.stderr)
    assert set(answer) == {"error"} and set(answer["error"]) == {"code", "message"}
    assert answer["error"]["code"] == code
    assert "\n" not in answer["error"]["message"]
    assert sorted(os.listdir(real)) == ["bundle", "good.csv"]


def test_a_wrong_command_line_shows_the_usage_and_one_error(real):
    done = matchmaker("recommend", "alpha", "-k", "0", cwd=real)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("Usage: matchmaker recommend")
    assert [line for line in done.stderr.splitlines() if line.startswith("Error")] == [done.stderr.splitlines()[-1]]
    assert "-k" in done.stderr.splitlines()[-1]
