"""A process that is killed, interrupted, or that nobody reads any more leaves nothing half-written."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from matchmaker import Matchmaker
from matchmaker.cli.app import app
from matchmaker.errors import StorageError
from tests.cli.process import answers, matchmaker, tree
from tests.conftest import make_partner

run = CliRunner().invoke


@pytest.fixture(scope="module")
def crowd(warm, tmp_path_factory):
    """600 partners of 20 contents, so that nothing need be encoded and there is much to write; and a bundle of them."""
    folder = tmp_path_factory.mktemp("crowd")
    rows = [make_partner(number % 20, id=f"p{number:04d}").model_dump(mode="json") for number in range(600)]
    (folder / "crowd.jsonl").write_text("\n".join(map(json.dumps, rows)))
    built = matchmaker("build", "crowd.jsonl", "-o", "bundle", cwd=folder)
    assert built.returncode == 0, built.stderr
    return folder


def cut_off(folder, number, moment):
    """Send a signal to a build when it has read its partners and written `moment` files: its exit status, what it said, and
    what was in the folder before. Five builds in a row may be quicker than we.
    """
    for _ in range(5):
        before = tree(folder)
        process = subprocess.Popen(
            [sys.executable, "-m", "matchmaker.cli.app", "build", "crowd.jsonl", "-o", "bundle"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd=folder,
            text=True,
        )
        said = ""
        while "600 read" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        while process.poll() is None and written(folder / "bundle") < moment:
            time.sleep(0.0005)
        process.send_signal(number)
        said += process.communicate(timeout=300)[1]
        if process.returncode != 0:
            break
    return process.returncode, said, before


def written(bundle):
    """Files of a version that is being written."""
    with contextlib.suppress(FileNotFoundError):
        return max((len(os.listdir(path)) for path in bundle.glob(".writing-*") if path.is_dir()), default=0)
    return 0


@pytest.mark.slow
def test_kill_minus_nine_in_the_middle_of_a_build_leaves_the_old_bundle(crowd):
    folder = crowd / "bundle"
    before, left = answers(folder, "p0000"), 0
    for moment in (0, 1, 40):  # before the first of some 70 files, and with ever more of them
        status, said, _ = cut_off(crowd, signal.SIGKILL, moment)
        assert status == -signal.SIGKILL, said
        assert answers(folder, "p0000") == before
        left += bool(list(folder.glob(".writing-*")))
    assert left
    current = (folder / "current").read_text()
    built = matchmaker("build", "crowd.jsonl", "-o", "bundle", cwd=crowd)
    assert built.returncode == 0, built.stderr
    assert (folder / "current").read_text() != current
    for path in folder.iterdir():  # nothing but whole versions and the pointer to one of them
        assert path.name == "current" or answers(path, "p0000") == before


@pytest.mark.slow
@pytest.mark.parametrize("moment", [0, 20])
def test_ctrl_c_in_the_middle_of_a_build_leaves_nothing(moment, crowd):
    status, said, before = cut_off(crowd, signal.SIGINT, moment)
    assert status in (130, -signal.SIGINT), said  # which of the two is Python's choice; a shell calls both 130
    assert said.splitlines()[-1] == "Interrupted; nothing was half-written."
    assert "Traceback" not in said
    assert tree(crowd) == before


@pytest.mark.parametrize("end", [KeyboardInterrupt, OSError])
def test_a_writer_cut_off_between_its_two_renames_leaves_the_old_bundle(end, engine, tmp_path, monkeypatch):
    engine.save(tmp_path / "b")
    before = tree(tmp_path)

    def cut_off(*_args):
        raise end

    monkeypatch.setattr(Path, "replace", cut_off)
    with pytest.raises((KeyboardInterrupt, StorageError)):
        engine.save(tmp_path / "b")
    assert tree(tmp_path) == before


def test_what_a_dead_process_of_the_same_number_left_is_swept(tmp_path, engine):
    (tmp_path / f".writing-{os.getpid()}-left").mkdir()
    (tmp_path / f".writing-{os.getpid()}-left-current").write_text("x")
    engine.save(tmp_path)
    assert not list(tmp_path.glob(".writing-*"))


def unread(*arguments, cwd):
    """The command with a standard output that nobody reads any more."""
    read, write = os.pipe()
    os.close(read)
    try:
        return subprocess.run(
            [sys.executable, "-m", "matchmaker.cli.app", *arguments],
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=cwd,
        )
    finally:
        os.close(write)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["validate", "good.csv", "--json"],
        ["validate", "good.csv"],
        ["recommend", "alpha", "-m", "bundle"],
        ["recommend", "alpha", "-m", "bundle", "--json"],
        ["doctor", "-m", "bundle"],
    ],
)
def test_an_output_that_nobody_reads_is_no_traceback(arguments, real):
    done = unread(*arguments, cwd=real)
    assert done.returncode == 141
    assert "Traceback" not in done.stderr and "Error" not in done.stderr and "Exception" not in done.stderr


def test_a_build_whose_output_nobody_reads_is_whole(real, tmp_path):
    shutil.copy(real / "good.csv", tmp_path)
    done = unread("build", "good.csv", "-o", "bundle", cwd=tmp_path)
    assert done.returncode == 141
    assert answers(tmp_path / "bundle") == answers(real / "bundle")


def test_head_takes_its_line(real):
    command = f"{sys.executable} -m matchmaker.cli.app recommend alpha -m bundle | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, cwd=real)
    assert (done.stdout.strip(), done.stderr) == ("Partners for Alpha Mail", "")


def test_names_that_look_like_markup_are_shown_as_they_are(tmp_path, encoder):
    names = ["Bold [/x]", "[red]Red", "back\\", "back\\[b]", ":smile: Inc", "100% {0} %s"]
    partners = [make_partner(number, name=name, audience="shops [/] here") for number, name in enumerate(names)]
    Matchmaker(encoder=encoder).fit(partners).save(tmp_path / "b")
    for arguments in (["recommend", "p000", "--include-existing"], ["similar", "p000"], ["explain", "p000", "p001"]):
        done = run(app, [*arguments, "-m", str(tmp_path / "b")])
        assert done.exit_code == 0, done.exception
        shown = " ".join(done.stdout.split())
        for name in names[1:] if arguments[0] != "explain" else names[:2]:
            assert name in shown, (arguments, name)
