"""Bulk scoring as a process: what it prints, how it ends, and what is left when it is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.batch.tables import read, write
from tests.cli.process import matchmaker, one_error

IDS = ("alpha", "beta", "gamma", "delta")


def pairs(folder, count, kind=".csv"):
    rows = [{"a": IDS[one % 4], "b": IDS[(one + 1 + one // 4 % 3) % 4]} for one in range(count)]
    return write(folder / f"pairs{kind}", rows)


def test_scores_are_told_to_people_and_to_programs(real, tmp_path):
    pairs(tmp_path, 12)
    done = matchmaker("score", "pairs.csv", "-o", "out.csv", "-m", real / "bundle", "--threads", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("out.csv: 12 rows in ")
    done = matchmaker("score", "pairs.csv", "-o", "out.jsonl", "-m", real / "bundle", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (done.returncode, told["rows"], told["failed"], told["output"]) == (0, 12, 0, "out.jsonl")
    rows = read(tmp_path / "out.jsonl")
    assert {row["status"] for row in rows} == {"ok"}
    assert {row["model_version"] for row in rows} == {told["model_version"]}
    assert [{**row, "mutual": None} for row in rows] == [{**row, "mutual": None} for row in read(tmp_path / "out.csv")]


def test_some_failed_rows_end_with_status_5_and_the_others_are_there(real, tmp_path):
    write(tmp_path / "who.jsonl", [{"partner": "beta"}, {"partner": "nobody"}, {"partner": None}])
    done = matchmaker("score", "who.jsonl", "--for", "Alpha Mail", "-o", "out.csv", "-m", real / "bundle", cwd=tmp_path)
    assert done.returncode == 5, done.stderr
    assert "2 rows failed: their column status says why." in done.stdout
    assert [row["status"] for row in read(tmp_path / "out.csv")] == ["ok", "unknown partner nobody", "b missing"]


def test_a_dry_run_tells_and_writes_nothing(real, tmp_path):
    pairs(tmp_path, 50)
    done = matchmaker(
        "score", "pairs.csv", "-o", "out.csv", "-m", real / "bundle", "--dry-run", "--part-size", 20, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "50 pairs in 3 parts, 0 of them done; nothing was written." in done.stdout
    done = matchmaker("match-all", "-o", "out.csv", "-m", real / "bundle", "--dry-run", "--json", cwd=tmp_path)
    told = json.loads(done.stdout)
    assert (told["steps"], told["parts"]) == (4, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["pairs.csv"]


def test_every_list_in_one_table(real, tmp_path):
    done = matchmaker("match-all", "-k", 2, "-o", "lists.parquet", "-m", real / "bundle", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = read(tmp_path / "lists.parquet")
    assert [(row["partner"], row["rank"]) for row in rows] == [(one, rank) for one in sorted(IDS) for rank in (1, 2)]


@pytest.mark.parametrize(
    ("arguments", "status", "code", "said"),
    [
        (("nowhere.csv", "-o", "out.csv"), 3, "catalogue_unusable", "nowhere.csv is not a file"),
        (("pairs.csv", "-o", "out.xlsx"), 2, "invalid_setting", "Known endings: .parquet, .csv, .jsonl"),
        (("pairs.csv", "-o", "out.csv", "--for", "alpha"), 2, "invalid_setting", "--for is for a table of candidates"),
        (("wrong.csv", "-o", "out.csv"), 3, "column_missing", "wrong.csv has no column a"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(real, tmp_path, arguments, status, code, said):
    pairs(tmp_path, 4)
    write(tmp_path / "wrong.csv", [{"x": 1}])
    one_error(matchmaker("score", *arguments, "-m", real / "bundle", cwd=tmp_path), status, code, said)


def children(pid):
    """Processes whose parent is `pid`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            if path.read_text().rpartition(")")[2].split()[1] == str(pid):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", [".parquet", ".csv"])
def test_killed_in_the_middle_it_goes_on_and_gives_the_same_bytes(real, tmp_path, kind):
    pairs(tmp_path, 40_000, ".parquet")
    command = [sys.executable, "-m", "matchmaker.cli.app", "score", "pairs.parquet", "-m", str(real / "bundle")]
    command += ["--part-size", "100", "--threads"]
    fresh = subprocess.run(
        [*command, "1", "-o", f"fresh{kind}"], cwd=tmp_path, capture_output=True, check=False, timeout=300
    )
    assert fresh.returncode == 0, fresh.stderr
    process = subprocess.Popen([*command, "2", "-o", f"cut{kind}"], cwd=tmp_path, stdout=subprocess.DEVNULL)
    parts = tmp_path / f"cut{kind}.parts"
    try:
        limit = time.monotonic() + 300
        while len(list(parts.glob("*.part"))) < 20:
            assert process.poll() is None and time.monotonic() < limit, "it ended before it could be killed"
            time.sleep(0.005)
        workers = children(process.pid)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not (tmp_path / f"cut{kind}").exists()
    limit = time.monotonic() + 20
    while any(os.path.exists(f"/proc/{worker}") for worker in workers):
        assert time.monotonic() < limit, "a worker outlives the process that started it"
        time.sleep(0.05)

    pairs_of_another = tmp_path / "pairs.csv"
    pairs_of_another.write_text("a,b\nalpha,beta\n")
    other = matchmaker("score", "pairs.csv", "-o", f"cut{kind}", "-m", real / "bundle", cwd=tmp_path)
    one_error(other, 2, "invalid_setting", "input differs", "--restart")

    again = subprocess.run(
        [*command, "2", "-o", f"cut{kind}", "--json"], cwd=tmp_path, capture_output=True, check=False, timeout=300
    )
    told = json.loads(again.stdout)
    assert 20 <= told["resumed"] < told["parts"] == 400
    assert (tmp_path / f"cut{kind}").read_bytes() == (tmp_path / f"fresh{kind}").read_bytes()
    assert not parts.exists()
