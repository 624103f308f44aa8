import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from matchmaker.cli.app import app
from matchmaker.errors import MatchmakerError, SettingsError
from tests.conftest import SAMPLE

run = CliRunner().invoke


def _matchmaker(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "matchmaker.cli.app", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_recommend_prints_a_table_and_one_json_object(bundle):
    shown = run(app, ["recommend", "p000", "-m", str(bundle)])
    assert shown.exit_code == 0
    assert "Partners for Returns House 0" in shown.stdout
    answer = json.loads(run(app, ["recommend", "p000", "-m", str(bundle), "--json", "-k", "3"]).stdout)
    assert [match["rank"] for match in answer["matches"]] == [1, 2, 3]
    assert answer["basis"] == "prior"


@pytest.mark.parametrize(
    "arguments",
    [
        ["recommend", "p000", "--where", "region=europe", "--where", "size>=100"],
        ["recommend", "p000", "--fit-type", "complement", "--popularity-weight", "0"],
        ["recommend", "p000", "--motion", "technology"],
        ["explain", "p000", "p001"],
        ["similar", "p000", "--unlike", "p001"],
        ["recommend", "p000", "--like", "p013", "--unlike", "p004"],
        ["search", "retuns"],
        ["search", "house", "--where", "category=tax", "-k", "2"],
        ["search", "returns.example", "--by", "domain"],
        ["gaps", "p000", "-k", "3"],
        ["gaps", "p000", "p001"],
        ["gaps", "--ecosystem"],
        ["gaps", "p000", "--ecosystem", "-k", "2"],
    ],
)
def test_commands_answer_people_and_programs(bundle, arguments):
    shown = run(app, [*arguments, "-m", str(bundle)])
    assert shown.exit_code == 0, shown.output
    assert json.loads(run(app, [*arguments, "-m", str(bundle), "--json"]).stdout)


def test_gaps_are_told_with_their_market_and_what_is_wanting(bundle):
    shown = run(app, ["gaps", "p000", "-k", "2", "-m", str(bundle)])
    assert "market" in shown.stdout and "2 sources of their own" in shown.stdout and "--demand" in shown.stdout
    told = json.loads(run(app, ["gaps", "p000", "-k", "2", "-m", str(bundle), "--json"]).stdout)
    assert [one["rank"] for one in told["missing"]] == [1, 2]
    assert {one["clear_market"] for one in told["missing"]} <= {"yes", "no", "unknown"}
    pair = json.loads(run(app, ["gaps", "p000", told["missing"][0]["partner"], "-m", str(bundle), "--json"]).stdout)
    assert pair["link"]["rank"] == 1
    for wrong in ([], ["p000", "p001", "--ecosystem"]):
        with pytest.raises(SettingsError):
            run(app, ["gaps", *wrong, "-m", str(bundle)], catch_exceptions=False)


def test_search_prints_what_is_found_and_says_when_nothing_is(bundle):
    shown = run(app, ["search", "Returns House 1O", "-k", "1", "-m", str(bundle)])
    assert "Returns House 10" in shown.stdout and "fuzzy" in shown.stdout
    answer = json.loads(run(app, ["search", "p003", "-m", str(bundle), "--json"]).stdout)
    assert answer["rows"][0]["name"] == "Loyalty House 3" and answer["by"] == "name"
    nothing = run(app, ["search", "xyzzy", "-m", str(bundle)])
    assert nothing.exit_code == 0 and "No partner is found" in nothing.stdout


def test_doctor_is_content_with_a_good_bundle_and_not_with_a_bad_one(bundle, tmp_path):
    assert run(app, ["doctor", "-m", str(bundle)]).exit_code == 0
    wrong = run(app, ["doctor", "-m", str(tmp_path), "--json"])
    assert wrong.exit_code == 4
    assert json.loads(wrong.stdout)["ok"] is False


def test_validate_reports_and_exits_three(tmp_path):
    (tmp_path / "c.csv").write_text("id,name\na,Alpha\na,Again\nb,Beta\n")
    shown = run(app, ["validate", str(tmp_path / "c.csv"), "--json", "--report", str(tmp_path / "r.csv")])
    answer = json.loads(shown.stdout)
    assert shown.exit_code == 3
    assert answer["tables"]["partners"] == {"read": 3, "kept": 2, "refused": 1}
    assert "duplicate_id" in (tmp_path / "r.csv").read_text()


def test_the_sample_is_valid():
    shown = run(
        app, ["validate", str(SAMPLE / "partners.jsonl"), "--relations", str(SAMPLE / "relations.csv"), "--json"]
    )
    assert shown.exit_code == 0, shown.output
    answer = json.loads(shown.stdout)
    assert answer["tables"]["partners"]["kept"] >= 180
    assert answer["codes"] == {}


def test_errors_are_raised_with_their_exit_status(bundle):
    with pytest.raises(MatchmakerError) as raised:
        run(app, ["recommend", "nobody", "-m", str(bundle)], catch_exceptions=False)
    assert raised.value.exit_code == 3


def test_process_exit_status_and_json_error(bundle):
    wrong = _matchmaker("recommend", "nobody", "-m", bundle, "--json")
    assert wrong.returncode == 3
    assert json.loads(wrong.stderr)["error"]["code"] == "unknown_partner"


_NO_TORCH = """
import sys
from pathlib import Path
from matchmaker import Matchmaker
engine = Matchmaker.load(Path(sys.argv[1]))
assert len(engine.recommend("p000", 5)) == 5
engine.search("returns"); engine.search("a.example", by="domain"); engine.partner("p000")
engine.recommend("p000", like=["p001"], weights={"gain": 1})
engine.explain("p000", "p001"); engine.similar(["p000"]); engine.score_pairs([("p000", "p001")])
heavy = {"torch", "sentence_transformers", "transformers", "sklearn", "pandas", "scipy"} & set(sys.modules)
assert not heavy, heavy
"""


def test_answering_for_a_stored_partner_never_imports_torch(bundle):
    done = subprocess.run([sys.executable, "-c", _NO_TORCH, str(bundle)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, matchmaker; assert not {'torch', 'numpy', 'pandas', 'faiss'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_public_names_are_pinned():
    import matchmaker

    assert sorted(matchmaker.__all__) == matchmaker.__all__ == sorted(matchmaker._HOMES)
    for name in matchmaker.__all__:
        assert getattr(matchmaker, name).__name__ == name


def test_columns_that_are_not_matched_on_are_named(tmp_path):
    (tmp_path / "p.csv").write_text("name,What we offer,Mascot\nReturnly,returns portal,owl\nTaxly,vat filing,fox\n")
    done = CliRunner().invoke(app, ["validate", str(tmp_path / "p.csv")])
    assert "capabilities <- What we offer (guessed)" in done.stderr
    assert "not matched on, kept as extra: Mascot" in done.stderr
    assert "no column gives audience or goals" in done.stderr
    (tmp_path / "q.csv").write_text(
        "name,Who we serve,What we want,What we offer\nReturnly,shops,fewer returns,portal\n"
    )
    done = CliRunner().invoke(app, ["validate", str(tmp_path / "q.csv")])
    assert "goals <- What we want (guessed)" in done.stderr
    assert "not matched on" not in done.stderr
    assert "no column gives" not in done.stderr
