from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STUB = Path(__file__).with_name("stub_service.py")


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> Path:
    """Folder in which the first run makes its bundle."""
    return tmp_path_factory.mktemp("http")


def run(work: Path, service: str, *more: str) -> tuple[subprocess.CompletedProcess[str], Path]:
    out = work / "figures.json"
    out.unlink(missing_ok=True)
    arguments = ["--work", str(work), "--json", str(out), "--partners", "300", "--seconds", "0.6", "--rounds", "2"]
    command = [sys.executable, "-W", "error", "-m", "benchmarks.http", *arguments, "--connections", "4"]
    done = subprocess.run(
        [*command, "--service", f"{sys.executable} {service}", *more],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return done, out


@pytest.mark.slow
def test_the_command_measures_every_bar_and_stops_its_servers(work):
    done, out = run(work, f"{STUB} {{port}}")
    assert out.is_file(), done.stderr
    figures = json.loads(out.read_text())
    bars = {bar["name"]: bar for bar in figures["bars"]}
    assert figures["partners"] == 300
    assert figures["swap"]["status"] == 200
    for name, bar in bars.items():
        if name.startswith(("failed", "new partners", "swaps")):
            assert bar["met"], bar
    assert len(figures["loads"]) == 2 * 3 + 3 + 2 + 3
    writes = figures["loads"]["writes"]
    assert writes["statuses"] == {"200": writes["requests"]}
    assert writes["requests"] >= 10
    reads = figures["loads"]["ours at half, uniform, round 1"]
    saturated = figures["loads"]["ours, uniform, round 1"]
    assert reads["rate"] == pytest.approx(saturated["rate"] / 2, rel=0.35)
    assert 0 < saturated["generator_cpu"] < 2
    for server in figures["servers"].values():
        assert server["peak memory GB"] > 0.01
    assert "ratio to the bare route, uniform" in done.stdout
    assert not list(work.glob("run-*"))
    # The bundle is kept: a second run uses it.
    (version, _) = sorted(path.name for path in (work / "bundle-300").iterdir() if path.is_dir())
    assert (work / "bundle-300" / version / "manifest.json").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mood", "only", "missed"),
    [
        ("fails", "rounds", "failed requests, uniform"),
        ("forgets", "busy", "new partners that cannot be asked 2 s later"),
    ],
)
def test_a_service_that_fails_or_forgets_misses_its_bar(work, mood, only, missed):
    done, out = run(work, f"{STUB} {{port}} {mood}", "--only", only)
    assert done.returncode == 1, done.stderr
    assert missed in [bar["name"] for bar in json.loads(out.read_text())["bars"] if not bar["met"]]


@pytest.mark.slow
def test_a_service_that_does_not_start_is_told_with_its_last_words(work):
    done, out = run(work, "-c \"raise SystemExit('no luck today')\"", "--only", "rounds")
    assert done.returncode != 0
    assert "ours did not become ready" in done.stderr
    assert "no luck today" in done.stderr
    assert not out.exists()
