"""matchmaker models …: for people and for programs, with the exit status of each refusal."""

import json

import pytest
from typer.testing import CliRunner

from matchmaker.cli.app import app
from matchmaker.errors import BundleMissingError, MatchmakerError
from matchmaker.registry.bundle import current_version
from matchmaker.registry.promotions import FILE, read
from tests.cli.process import matchmaker, one_error
from tests.registry.learned import FAME, WORSE, learned, made, renamed

run = CliRunner().invoke


@pytest.fixture
def root(bundle, tmp_path):
    """v1, which is current; v2 passed the gate, v3 was refused by it."""
    folder = renamed(bundle, tmp_path / "root")
    learned(folder, "v2", passed=True)
    learned(folder, "v3", passed=False)
    return folder


def asked(root, *words):
    """What a command answers programs."""
    done = run(app, ["models", *words, "-m", str(root), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def shown(root, *words):
    """What it tells people, line by line."""
    done = run(app, ["models", *words, "-m", str(root)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return [" ".join(line.split()) for line in done.stdout.splitlines()]


def test_list(root):
    told = asked(root, "list")
    assert [(row["version"], row["current"], row["gate_passed"]) for row in told["versions"]] == [
        ("v1", True, None), ("v2", False, True), ("v3", False, False),
    ]  # fmt: skip
    assert told["unreadable_records"] == 0
    (root / "v1" / "topic.npy").unlink()
    asked(root, "promote", "v3", "--force", "--reason", "a trial")
    lines = shown(root, "list")
    rows = {word: line for line in lines for word in line.split() if word in ("v1", "v2", "v3")}
    assert rows["v1"].startswith("unusable v1 -")
    assert rows["v2"].split()[0] == "v2" and "links passed" in rows["v2"]
    assert rows["v3"].startswith("current v3") and "refused, forced" in rows["v3"]
    assert any(line.startswith("Unusable: ") and "topic.npy is missing" in line for line in lines)


def test_list_tells_of_torn_lines_in_the_record(root):
    asked(root, "promote", "v2")
    with (root / FILE).open("a") as file:
        file.write('{"at": "2026')
    done = run(app, ["models", "list", "-m", str(root)])
    assert done.exit_code == 0 and done.stderr.endswith(f"{FILE} that were passed over: 1.\n")
    assert asked(root, "list")["unreadable_records"] == 1


def test_compare(root):
    told = asked(root, "compare", "v1", "v2")
    assert told["differs"]["history"]["basis"] == {"a": "prior", "b": "learned"}
    lines = shown(root, "compare", "v1", "v2")
    assert lines[:2] == ["A is v1", "B is v2"]
    assert "history basis prior learned" in lines and "history data.links - 300" in lines
    assert "held_back all.ndcg@10 - - 0.310 [0.280, 0.340] +0.040 [+0.010, +0.070]" in lines
    assert "B: the gate let it pass." in lines and not any("same questions" in line for line in lines)


def test_compare_says_where_nothing_differs_and_where_figures_are_not_of_the_same(root):
    lines = shown(root, "compare", "v2", "v3")
    assert "Both were made of the same, by the same, in the same way." in lines
    assert not any("same questions" in line for line in lines)
    assert "B: the gate refused it." in lines and f"NO {WORSE}" in lines and f"NO {FAME}" in lines
    learned(root, "v4", passed=True, seed=8, figures={"held_back": {"all.ndcg@10": {"ours": {"estimate": None}}}})
    lines = shown(root, "compare", "v2", "v4")
    assert "held_back all.ndcg@10 0.310 [0.280, 0.340] +0.040 [+0.010, +0.070] - -" in lines
    assert any("not measured on the same questions" in line for line in lines)


def test_card(root):
    text = (root / "v1" / "MODEL_CARD.md").read_text()
    assert run(app, ["models", "card", "-m", str(root)]).stdout == text
    assert asked(root, "card", "v2") == {"version": "v2", "card": text}
    assert asked(root / "v2", "card")["version"] == "v2"
    with pytest.raises(BundleMissingError):
        run(app, ["models", "card", "v9", "-m", str(root)], catch_exceptions=False)


def test_promote_and_rollback(root):
    assert shown(root, "promote", "v2") == ["v2 is current now; before it was v1."]
    assert shown(root, "promote", "v2") == ["v2 is current already; nothing was changed."]
    assert shown(root, "rollback") == ["v1 is current now; before it was v2."]
    told = asked(root, "promote", "v3", "--force", "--reason", "a trial")
    assert (told["version"], told["before"], told["forced"], told["reason"]) == ("v3", "v1", True, "a trial")
    assert asked(root, "rollback")["version"] == "v1" == current_version(root)
    assert shown(root, "promote", "v3", "--force", "--reason", "x")[0].startswith("v3 is current now against the gate")
    assert [one.how for one in read(root)[0]] == ["promote", "rollback", "promote", "rollback", "promote"]


def test_what_is_refused_ends_with_its_exit_status_and_one_sentence(root):
    one_error(matchmaker("models", "promote", "v3", "-m", root), 4, "gate_refused", "v3", WORSE, FAME)
    told = matchmaker("models", "promote", "v3", "--force", "-m", root, "--json")
    assert (told.returncode, json.loads(told.stderr)["error"]["code"], told.stdout) == (2, "invalid_setting", "")
    for words, code, status in [
        (["promote", "v9"], "bundle_missing", 4),
        (["rollback"], "bundle_missing", 4),
        (["compare", "v1", "v9"], "bundle_missing", 4),
    ]:
        with pytest.raises(MatchmakerError) as raised:
            run(app, ["models", *words, "-m", str(root)], catch_exceptions=False)
        assert (raised.value.code, raised.value.exit_code) == (code, status)
    assert current_version(root) == "v1" and not (root / FILE).exists()


def test_prune(root):
    made(root, "v4")
    plan = asked(root, "prune", "--keep", "1", "--dry-run")
    assert [one["version"] for one in plan["versions"]] == ["v2", "v3"] and plan["dry_run"]
    assert plan["bytes"] == sum(one["bytes"] for one in plan["versions"]) > 0
    assert shown(root, "prune", "--keep", "1", "--dry-run")[-1].startswith("Would remove 2 versions, ")
    lines = shown(root, "prune", "--keep", "2")
    assert lines[0] == "v2" and lines[1].startswith("Removed 1 version, ")
    assert [row["version"] for row in asked(root, "list")["versions"]] == ["v1", "v3", "v4"]
    assert asked(root, "prune") == {"versions": [], "bytes": 0, "dry_run": False}
    assert run(app, ["models", "prune", "--keep", "0", "-m", str(root)]).exit_code == 2
