"""What people read of an answer is in words that need no statistics."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

import matchmaker_service
from matchmaker.cli.app import app
from matchmaker.cli.ask import _FEATURES, _show_history
from matchmaker.matching.learned import from_accounts, from_links
from matchmaker.results import Explanation
from matchmaker.trajectories.course import Span, _verdict
from matchmaker.trajectories.grounds import Grounds
from matchmaker.trajectories.overlap import _verdict as trend_verdict

JARGON = re.compile(r"\bnats\b|log-odds|\bpercentile\b|\bfame\b|covers zero|at 80 %|\borigins?\b|\bplacebos?\b")
PAGE = Path(matchmaker_service.__file__).parent / "ui"


@pytest.mark.parametrize(
    ("speed", "verdict", "said"),
    [
        (Span(0.3, 0.2, 0.4), "converging", "shrinks by 0.30 a year (0.20 to 0.40 in four cases of five)"),
        (Span(-0.3, -0.4, -0.2), "diverging", "grows by 0.30 a year (0.20 to 0.40 in four cases of five)"),
        (Span(0.1, -0.2, 0.4), "insufficient data", "may shrink or grow: it changes by -0.40 to +0.20 a year"),
        (
            Span(0.0, -0.01, 0.02),
            "parallel",
            "changes by -0.02 to +0.01 a year in four cases of five: less than a tenth",
        ),
    ],
)
def test_a_course_says_what_the_distance_does(speed, verdict, said):
    found, reason = _verdict(speed, 0.8, 1.0)
    assert found == verdict
    assert reason.startswith("their distance, 0.80 by all snapshots, ") and said in reason
    assert not JARGON.search(reason)
    trend = trend_verdict(speed, 0.1, 1.0)[1]
    assert trend.startswith("the share of gained accounts that both have ") and not JARGON.search(trend)


def test_what_the_wording_rests_on_is_told_in_words():
    names = ("enough", "independent", "beats", "placebos", "calibrated")
    checks = [{"name": name, "passed": name == "enough", "sentence": "AP."} for name in names]
    proof = {
        "events": 60,
        "event": "a new partnership or integration",
        "pairs": 1000,
        "years": 1.0,
        "predicts": False,
        "checks": checks,
        "origins": ["2020-01-01", "2021-01-01"],
    }
    said = Grounds(proof).sentence(1.0)
    assert said.startswith("Backtest of 60 events")
    assert ", 1 year ahead of 2 days, 2020-01-01 to 2021-01-01: 4 of 5 checks failed (what came true was read" in said
    assert not JARGON.search(said) and not any(re.search(rf"\b{name}\b", said) for name in ("beats", "independent"))


def test_a_pair_explained_is_told_in_words():
    done = CliRunner().invoke(app, ["explain", "loop-returns", "klaviyo", "-m", "models/sample"])
    assert done.exit_code == 0, done.output
    assert not JARGON.search(done.stdout)
    for words in ("goals met", "same words", "stronger than", "in all", "Basis: prior (declared weights, no history)"):
        assert words in done.stdout


def test_all_that_history_is_read_by_has_a_name_of_its_own():
    features = {*from_links.FEATURES, *from_accounts.FEATURES}
    names = [_FEATURES[name] for name in features]
    assert len(set(names)) == len(names)
    assert not [name for name in names if "_" in name or JARGON.search(name)]


def test_what_history_adds_is_told_by_these_names(capsys):
    added = {"fame_often": 0.5, "circled": -0.25}
    history = {
        "chance": 0.2,
        "log_odds": {"yours": 0.25, "theirs": 0.0},
        "contributions": {"yours": added, "theirs": {}},
    }
    _show_history(Explanation("a", "b", None, {}, "a", []), history)
    said = capsys.readouterr().out
    assert "how often the other is linked" in said and "+0.500" in said and "-0.250" in said
    assert not JARGON.search(said) and "circled" not in said


def test_the_page_says_no_jargon():
    """Literals of the page; what stands in ${…} are names of the program."""
    quoted = re.compile(r'"[^"\n]*"|`[^`\n]*`')
    for path in (
        PAGE / "words.js",
        PAGE / "numbers.js",
        *(PAGE / "parts").glob("*.js"),
        *(PAGE / "views").glob("*.js"),
    ):
        for said in quoted.findall(re.sub(r"\$\{[^}]*\}", "", path.read_text())):
            assert not re.search(r"\bnats\b|log-odds|\bfame\b|surprise|\bpercentile\b", said), (path.name, said)
