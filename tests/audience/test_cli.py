"""The commands of account overlap, end to end."""

import json
import stat

import pytest
import typer
from typer.testing import CliRunner

from matchmaker import Catalogue, Matchmaker, Partner
from matchmaker.audience.pairs import overlap_of_pair, overlaps_of, schema
from matchmaker.audience.reading import read_accounts
from matchmaker.cli import overlap
from matchmaker.errors import CatalogueError, ColumnError, SettingsError, UnknownPartnerError
from tests.batch.tables import read, write
from tests.words import WordEncoder

KEY = "a key of the tests, long enough"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs `matchmaker overlap …` in a folder with accounts of four partners, one row of them bad."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MATCHMAKER_ACCOUNT_KEY", KEY)
    rows = [
        {"partner": partner, "account": f"shop{number}.com", "population": population}
        for partner, numbers, population in (
            ("a", range(200), "customer"),
            ("b", range(100, 300), "customer"),
            ("b", range(50, 100), "prospect"),
            ("c", range(290, 320), "opportunity"),
            ("d", range(900, 910), "customer"),
        )
        for number in numbers
    ]
    write(tmp_path / "good.csv", rows)
    write(tmp_path / "accounts.csv", [*rows, {"partner": "a", "account": "gmail.com", "population": "customer"}])
    app = typer.Typer()
    overlap.register(app)

    def invoke(*arguments, fails=None):
        done = CliRunner().invoke(app, ["overlap", *map(str, arguments)])
        if fails:
            assert isinstance(done.exception, fails), done.output
            return str(done.exception)
        assert done.exit_code in (0, 5), (done.output, done.exception)
        return done

    return invoke


def told(done, code=0):
    assert done.exit_code == code
    return json.loads(done.stdout)


def test_a_pair_is_told_to_programs_and_people(run, tmp_path):
    found = told(run("pair", "accounts.csv", "a", "b", "--json"), 5)
    exact = overlap_of_pair(read_accounts(tmp_path / "good.csv", key=KEY.encode()).incidence, "a", "b")
    assert found.pop("report") == {
        "ok": False,
        "tables": {"accounts": {"read": 491, "kept": 490, "refused": 1}},
        "codes": {"refused:free_mail": 1},
        "issues": 1,
        "issues_left_out": 0,
    }
    assert found == {**exact.to_dict(), "reasons": list(exact.reasons)}
    assert (found["shared"], found["give"], found["get"], found["quadrant"]) == (150, 50, 0, "you give")
    done = run("pair", "good.csv", "a", "b")
    assert done.exit_code == 0
    assert "Accounts that a and b share (exact)" in done.stdout
    assert "75.0%" in done.stdout
    done = run("pair", "accounts.csv", "a", "b")
    assert done.exit_code == 5
    assert (
        "refused free_mail: row 491, column account: expected a company's own domain, found '(withheld)'" in done.stderr
    )
    estimated = told(run("pair", "good.csv", "a", "b", "--sketch", "--json"))
    assert (estimated["basis"], estimated["shared"]) == ("estimated", {"value": 150, "low": 150, "high": 150})
    assert "150 (150 to 150)" in run("pair", "good.csv", "a", "b", "--sketch").stdout


def test_the_others_are_ranked(run, tmp_path):
    found = told(run("of", "good.csv", "b", "--by", "shared", "-k", 5, "--json"))
    exact = overlaps_of(read_accounts(tmp_path / "good.csv", key=KEY.encode()).incidence, "b", by="shared")
    assert [(one["other"], one["shared"]) for one in found["overlaps"]] == [("a", 150), ("c", 10)]
    assert [one.other for one in exact] == ["a", "c"]
    assert "Overlaps of b (exact)" in run("of", "good.csv", "b").stdout
    assert run("of", "good.csv", "d").stdout == "d shares no account with another partner of good.csv.\n"
    assert "ranked by one of" in run("of", "good.csv", "b", "--by", "fame", fails=SettingsError)
    assert "nobody" in run("of", "good.csv", "nobody", fails=UnknownPartnerError)


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl"])
def test_all_pairs_are_one_table(run, tmp_path, ending):
    found = told(run("all", "accounts.csv", "-o", f"pairs{ending}", "--threads", 2, "--json"), 5)
    assert {**found, "seconds": 0, "report": None, "key_id": ""} == {
        "output": f"pairs{ending}", "partners": 4, "accounts": 330, "pairs": 2, "seconds": 0, "report": None, "key_id": "",
    }  # fmt: skip
    rows = read(tmp_path / f"pairs{ending}")
    assert [(row["a"], row["b"], row["shared"], row["a_customer_b_prospect"]) for row in rows] == [
        ("a", "b", 150, 50),
        ("b", "c", 10, 0),
    ]
    assert list(rows[0]) == schema().names
    assert (rows[0]["revenue_a"], rows[1]["a_customer_b_opportunity"]) == (None, 10)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["accounts.csv", "good.csv", f"pairs{ending}"]
    assert "2 pairs of 4 partners and 330 accounts" in run("all", "good.csv", "-o", f"pairs{ending}").stdout
    assert told(run("all", "good.csv", "-o", f"pairs{ending}", "--minimum-shared", 20, "--json"))["pairs"] == 1


def test_what_a_partner_is_told_is_kept_and_rounded(run, tmp_path):
    asked = ("pair", "good.csv", "a", "b", "--disclosed", "--json", "--ledger", "ledger.sqlite")
    found = told(run(*asked))
    assert (found["basis"], found["matrix"]["customer"]["opportunity"]) == ("disclosed", None)
    assert 82 <= found["matrix"]["customer"]["customer"] <= 100
    assert (
        found["matrix"]["customer"]["prospect"] is None
    )  # all 50 prospects of b are customers of a: each would be told
    again = read(tmp_path / "good.csv")[1:]
    write(tmp_path / "good.csv", again)
    assert told(run(*asked, "--release", 3))["matrix"] == found["matrix"]
    listed = told(run("of", "good.csv", "a", "--disclosed", "--json", "--ledger", "ledger.sqlite"))
    assert all(one["basis"] == "disclosed" for one in listed["overlaps"])
    few = run("of", "good.csv", "c", "--disclosed", "--ledger", "ledger.sqlite").stdout  # 10 with b, too few to be told
    assert few.startswith("Nothing of what c may share is told: fewer than 20 accounts")
    assert "needs --ledger" in run("pair", "good.csv", "a", "b", "--disclosed", fails=SettingsError)


def test_an_output_that_cannot_be_made_is_said_before_the_work(run, monkeypatch):
    assert "Known endings" in run("all", "nowhere.csv", "-o", "pairs.xlsx", fails=SettingsError)
    assert "nowhere.csv is not a file" in run("all", "nowhere.csv", "-o", "pairs.csv", fails=CatalogueError)
    monkeypatch.delenv("MATCHMAKER_ACCOUNT_KEY")
    assert "MATCHMAKER_ACCOUNT_KEY" in run("pair", "good.csv", "a", "b", fails=SettingsError)


def test_two_companies_intersect_by_files(run, tmp_path):
    pytest.importorskip("private_set_intersection", reason="no wheel for this platform")
    write(tmp_path / "mine.csv", [{"account": f"www.shop{number}.com"} for number in range(60)])
    write(tmp_path / "theirs.csv", [{"domain": f"shop{number}.com"} for number in range(35, 200)])
    for reveal in ((), ("--reveal",)):
        name = "which" if reveal else "many"
        files = {step: f"{name}.{step}" for step in ("setup", "request", "response", "asker", "answerer")}
        run("psi-setup", "theirs.csv", "--secret", files["answerer"], "-o", files["setup"], *reveal)
        made = run("psi-request", "mine.csv", "--secret", files["asker"], "-o", files["request"], *reveal, "--json")
        assert told(made)["accounts"] == 60
        assert stat.S_IMODE((tmp_path / files["asker"]).stat().st_mode) == 0o600
        run("psi-response", files["request"], "--secret", files["answerer"], "-o", files["response"])
        result = ("psi-result", files["setup"], files["response"], "--secret", files["asker"])
        found = told(run(*result, "--json"))
        assert (found["shared"], found["your_accounts"], found["their_accounts"]) == (25, 60, 165)
        assert "25 accounts are shared: 41.7% of your 60, 15.2% of their 165." in run(*result).stdout
    named = run(*result, "--accounts", "mine.csv").stdout.splitlines()[1:]
    assert named == sorted(f"shop{number}.com" for number in range(35, 60))
    assert "is there already" in run(
        "psi-setup", "theirs.csv", "--secret", files["answerer"], "-o", "x", fails=SettingsError
    )
    assert "where the request file is wanted" in run(
        "psi-response", files["setup"], "--secret", files["answerer"], "-o", "x", fails=CatalogueError
    )
    assert "nowhere cannot be read" in run("psi-result", "nowhere", "x", "--secret", "y", fails=CatalogueError)


def test_columns_that_are_not_recognised_are_named_with_the_option_that_maps_them(run, tmp_path):
    (tmp_path / "own.csv").write_text("Company,Client site\na,shop1.com\nb,shop1.com\n")
    said = run("of", "own.csv", "a", fails=ColumnError)
    assert "Columns there: Company, Client site." in said and '--map partner="COLUMN"' in said
    assert "--map-file" not in said
    assert "'Nope'" in run("pair", "own.csv", "a", "b", "--map", "partner=Nope", fails=ColumnError)
    found = told(run("of", "own.csv", "a", "--map", "partner=Company", "--map", "account=Client site", "--json"))
    assert [(one["other"], one["shared"]) for one in found["overlaps"]] == [("b", 1)]
    (tmp_path / "headless.csv").write_text("a,shop1.com\nb,shop2.com\n")
    said = run("of", "headless.csv", "a", fails=ColumnError)
    assert "header line" in said and "shop1" not in said


@pytest.fixture
def bundle(tmp_path):
    """A bundle that names the partners, two of them alike, and one who has no account."""
    named = {"a": "Alpha", "b": "Beta", "c": "Gamma", "d": "Beta", "e": "Epsilon"}
    partners = [Partner(id=one, name=name, capabilities=(name,)) for one, name in named.items()]
    Matchmaker(encoder=WordEncoder()).fit(Catalogue.from_partners(partners)).save(tmp_path / "bundle")
    return "bundle"


def test_with_a_bundle_names_are_taken_and_shown(run, bundle):
    shown = run("of", "good.csv", "alpha", "-m", bundle).stdout
    assert "Overlaps of Alpha (exact)" in shown and " Beta (b) " in shown
    found = told(run("of", "good.csv", "Gamma", "-m", bundle, "--json"))
    assert (found["partner"], [one["other"] for one in found["overlaps"]]) == ("c", ["b"])
    assert run("of", "good.csv", "d", "-m", bundle).stdout.startswith("Beta (d) shares no account")
    for more in ([], ["--sketch"], ["--disclosed", "--ledger", "ledger.sqlite"]):
        assert (
            "Accounts that Alpha and Gamma share"
            in run("pair", "good.csv", "Alpha", "gamma", "-m", bundle, *more).stdout
        )
        found = told(run("pair", "good.csv", "Alpha", "c", "-m", bundle, "--json", *more))
        assert (found["partner"], found["other"]) == ("a", "c")


def test_an_unknown_partner_is_answered_with_near_ones_of_the_file(run, bundle, tmp_path):
    write(tmp_path / "two.csv", [{"partner": one, "account": "shop1.com"} for one in ("shipbob", "klaviyo")])
    for asked in (("of", "two.csv", "shipbobb"), ("pair", "two.csv", "klaviyo", "shipbobb")):
        said = run(*asked, fails=UnknownPartnerError)
        assert said == "No partner has the id or name 'shipbobb'. Did you mean: shipbob?"
    assert "Did you mean: a (Alpha)?" in run("of", "good.csv", "Alhpa", "-m", bundle, fails=UnknownPartnerError)
    for sketch in ("--sketch", "--exact"):
        said = run("pair", "good.csv", "a", "Alpha", sketch, fails=UnknownPartnerError)
        assert said.startswith("No partner of good.csv is 'Alpha'. Give an id") and "exact name" not in said
        assert "--model" in said
    said = run(
        "of", "good.csv", "Epsilon", "-m", bundle, fails=UnknownPartnerError
    )  # of the bundle, without an account
    assert "Give an id or an exact name of a partner that has accounts there." in said


def test_columns_that_are_not_read_are_named_and_counted(run, tmp_path):
    rows = [{"partner": one, "account": "shop1.com", "populaton": "prospect", "date": "2026-01-01"} for one in "ab"]
    write(tmp_path / "slip.csv", rows)
    for sketch in ("--sketch", "--exact"):
        done = run("pair", "slip.csv", "a", "b", sketch, "--json")
        report = told(done)["report"]
        assert (report["ok"], report["codes"]) == (True, {"note:unknown_column": 1})
        assert "  note unknown_column: column populaton: expected one of partner, account, " in done.stderr
    (tmp_path / "headless.csv").write_text("a,shop1.com,shop2.com\nb,shop1.com,x\n")
    done = run("of", "headless.csv", "b", "--map", "partner=a", "--map", "account=shop1.com")
    assert "column (withheld)" in done.stderr and "shop2" not in done.stderr
