"""A disk that is full or forbidden: one error, and what was there before still answers."""

import contextlib
import errno
import math
import os
import shutil
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from matchmaker import Matchmaker
from matchmaker.cli.app import main
from matchmaker.errors import StorageError
from tests.cli.process import GOOD, answers, matchmaker, one_error, tree
from tests.conftest import make_catalogue

run = CliRunner().invoke


@pytest.fixture
def disk(tmp_path):
    """A real file system of its own: mounted by `disk(size)`, filled up to `room` bytes by `disk.fill(room)`."""
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("a small file system can be mounted only by root")
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(size):
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"tmpfs cannot be mounted here: {done.stderr.strip()}")
        return folder

    yield mount
    subprocess.run(["umount", "-l", folder], capture_output=True, check=False)  # lazily: an array may still be mapped


def fill(folder, room):
    """Take all space of a file system but `room` bytes."""
    facts = os.statvfs(folder)
    (folder / "ballast").write_bytes(b"\0" * max(facts.f_bavail * facts.f_frsize - room, 0))


def test_a_disk_too_small_for_a_bundle_is_left_empty(disk, real):
    folder = disk("1m")
    done = matchmaker("build", "good.csv", "-o", folder / "new" / "bundle", cwd=real)
    one_error(
        done, 4, "storage_failed", f"{folder}/new/bundle", "the disk is full", "free space or name another folder"
    )
    assert list(folder.iterdir()) == []


def test_a_disk_full_at_the_second_build_leaves_the_first(disk, real):
    folder = disk("4m")
    shutil.copytree(real / "bundle", folder / "bundle")
    fill(folder, 300_000)
    before = tree(folder)
    done = matchmaker("build", "good.csv", "-o", folder / "bundle", cwd=real)
    one_error(done, 4, "storage_failed", "the disk is full", "untouched")
    assert tree(folder) == before
    assert answers(folder / "bundle") == answers(real / "bundle")
    (folder / "ballast").unlink()
    assert matchmaker("build", "good.csv", "-o", folder / "bundle", cwd=real).returncode == 0


def test_wherever_the_disk_gets_full_the_old_bundle_answers(disk, encoder):
    """Room for ever more of a second version: some write or other fails each time, until there is room for all of it."""
    engine = Matchmaker(encoder=encoder).fit(make_catalogue(12))
    folder, block = disk("4m"), 4096
    version = engine.save(folder / "bundle")
    needed = sum(math.ceil(len(content) / block) for content in tree(version).values()) + 1  # and one to point to it
    before = answers(folder / "bundle", "p000")
    for room in [*range(0, needed - 1, 4), needed - 1]:
        fill(folder, room * block)
        held = tree(folder)
        with pytest.raises(StorageError, match="the disk is full"):
            engine.save(folder / "bundle")
        assert tree(folder) == held
        (folder / "ballast").unlink()
    assert answers(folder / "bundle", "p000") == before
    fill(folder, needed * block)
    assert engine.save(folder / "bundle").name == (folder / "bundle" / "current").read_text().strip()
    assert answers(folder / "bundle", "p000") == before


PLUGIN = """
import numpy as np

class Dice:
    name, dimension, window, fingerprint = "dice", 512, 64, "dice-512"

    def offsets(self, texts):
        return [[(0, len(text))] for text in texts]

    def encode_chunks(self, chunks, *, progress=None):
        drawn = np.random.default_rng(0).normal(size=(len(chunks), 512)).astype(np.float32)
        return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

def open_dice(*, cache_dir, batch_size, threads):
    return Dice()
"""


@pytest.fixture
def plugin(tmp_path):
    """An installed package with an encoder that needs no model: the environment of a process that has it."""
    folder = tmp_path / "installed"
    (folder / "dice-1.0.dist-info").mkdir(parents=True)
    (folder / "dice.py").write_text(PLUGIN)
    (folder / "dice-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: dice\nVersion: 1.0\n")
    (folder / "dice-1.0.dist-info" / "entry_points.txt").write_text("[matchmaker.encoders]\ndice = dice:open_dice\n")
    return {"PYTHONPATH": str(folder)}


def test_a_full_disk_under_the_cache_stops_the_build(disk, real, plugin):
    folder = disk("1m")
    fill(folder, 8_192)
    environment = {**plugin, "MATCHMAKER_CACHE_DIR": folder / "cache"}
    done = matchmaker("build", "good.csv", "-o", "other", "--encoder", "dice", cwd=real, environment=environment)
    one_error(done, 4, "storage_failed", f"{folder}/cache", "the disk is full", "set MATCHMAKER_CACHE_DIR")
    assert not [path for path in (folder / "cache").rglob("*") if path.is_file()]
    assert sorted(os.listdir(real)) == ["bundle", "good.csv"]


def test_a_full_disk_under_a_report_leaves_none(disk, real):
    folder = disk("64k")
    fill(folder, 0)
    done = matchmaker("validate", "good.csv", "--report", folder / "report.csv", cwd=real)
    one_error(done, 4, "storage_failed", "report.csv", "the disk is full")
    assert os.listdir(folder) == ["ballast"]


@pytest.fixture(scope="module")
def plain_user():
    """A program under which rights of files hold: as root, one that takes away root's leave to pass over them."""
    if os.name != "posix":
        pytest.skip("rights of files are those of POSIX here")
    if os.geteuid() != 0:
        return []
    under = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
    if not shutil.which("setpriv") or subprocess.run([*under, "true"], check=False, capture_output=True).returncode:
        pytest.skip("root passes over the rights of files, and setpriv is not here to keep it from that")
    return under


@contextlib.contextmanager
def rights(path, mode):
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield
    finally:
        path.chmod(before)


def test_a_read_only_folder_is_left_as_it_was(plain_user, real, tmp_path):
    shutil.copytree(real / "bundle", tmp_path / "bundle")
    before = tree(tmp_path)
    with rights(tmp_path / "bundle", 0o555), rights(tmp_path, 0o555):
        for output in (tmp_path / "bundle", tmp_path / "new" / "bundle"):
            done = matchmaker("build", "good.csv", "-o", output, cwd=real, under=plain_user)
            one_error(done, 4, "storage_failed", str(output), "Permission denied", "another folder")
        done = matchmaker("validate", "good.csv", "--report", tmp_path / "r.csv", cwd=real, under=plain_user)
        one_error(done, 4, "storage_failed", "r.csv", "Permission denied")
        environment = {"MATCHMAKER_CACHE_DIR": tmp_path / "cache"}
        done = matchmaker("build", "good.csv", "-o", "other", cwd=real, under=plain_user, environment=environment)
        one_error(done, 4, "storage_failed", str(tmp_path / "cache"), "Permission denied", "MATCHMAKER_CACHE_DIR")
    assert tree(tmp_path) == before
    assert sorted(os.listdir(real)) == ["bundle", "good.csv"]
    assert answers(tmp_path / "bundle") == answers(real / "bundle")


def test_a_file_that_may_not_be_read_is_one_clear_error(plain_user, real, tmp_path):
    shutil.copytree(real / "bundle", tmp_path / "bundle")
    version = tmp_path / "bundle" / (tmp_path / "bundle" / "current").read_text().strip()
    (tmp_path / "c.csv").write_text(GOOD)
    locked = [
        (tmp_path / "c.csv", ["validate", tmp_path / "c.csv"], 3, "catalogue_unusable"),
        (tmp_path / "c.csv", ["recommend", "--profile", tmp_path / "c.csv", "-m", "bundle"], 3, "catalogue_unusable"),
        (tmp_path / "c.csv", ["validate", "good.csv", "--map-file", tmp_path / "c.csv"], 2, "invalid_setting"),
        (version / "topic.npy", ["recommend", "alpha", "-m", tmp_path / "bundle"], 4, "bundle_unusable"),
        (version / "manifest.json", ["recommend", "alpha", "-m", tmp_path / "bundle"], 4, "bundle_unusable"),
        (tmp_path / "bundle" / "current", ["recommend", "alpha", "-m", tmp_path / "bundle"], 4, "bundle_unusable"),
        (tmp_path / "bundle", ["recommend", "alpha", "-m", tmp_path / "bundle"], 4, "bundle_unusable"),
    ]
    for path, arguments, status, code in locked:
        with rights(path, 0):
            done = matchmaker(*arguments, cwd=real, under=plain_user)
        one_error(done, status, code, path.name, "Permission denied")
        assert done.stdout == ""
    with rights(version, 0):
        done = matchmaker("doctor", "-m", tmp_path / "bundle", "--json", cwd=real, under=plain_user)
    assert done.returncode == 4
    assert "Permission denied" in done.stdout


def test_a_refusal_that_nobody_foresaw_is_one_error_too(monkeypatch, capsys):
    def refused(*_args):
        raise OSError(errno.EIO, "Input/output error", "/somewhere")

    monkeypatch.setattr("matchmaker.cli.catalogue.load", refused)
    monkeypatch.setattr(sys, "argv", ["matchmaker", "validate", "good.csv"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 4
    assert capsys.readouterr().err.startswith("Error (storage_failed): /somewhere refused: Input/output error. ")
