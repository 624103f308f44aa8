import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from matchmaker import Matchmaker
from matchmaker.errors import BundleCorruptError, BundleMissingError, BundleVersionError, StorageError
from matchmaker.registry import bundle as bundles


def test_a_loaded_bundle_answers_as_the_engine_did(engine, bundle):
    loaded = Matchmaker.load(bundle)
    for partner in ("p000", "p023"):
        assert [vars(m) for m in loaded.recommend(partner, 8)] == [vars(m) for m in engine.recommend(partner, 8)]


def test_a_version_folder_can_be_opened_by_itself(bundle):
    version = (bundle / "current").read_text().strip()
    assert Matchmaker.load(bundle / version).fitted.version == version


def test_nothing_in_a_bundle_is_pickled(bundle):
    for path in bundle.rglob("*.npy"):
        np.load(path, allow_pickle=False)
    assert not [path for path in bundle.rglob("*") if path.suffix in (".pkl", ".pickle", ".joblib")]


def _copy(bundle, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    return copy, copy / (copy / "current").read_text().strip()


def test_every_single_changed_byte_is_found(bundle, tmp_path):
    copy, version = _copy(bundle, tmp_path)
    for path in sorted(version.iterdir()):
        original = path.read_bytes()
        changed = bytearray(original)
        changed[len(changed) // 2] ^= 0xFF
        path.write_bytes(bytes(changed))
        try:
            problems = bundles.open_bundle(copy).verify()
        except BundleCorruptError as error:
            problems = [str(error)]
        assert any(path.name in problem for problem in problems), path.name
        path.write_bytes(original)
    assert bundles.open_bundle(copy).verify() == []


def test_the_background_check_finds_a_change_in_a_large_file(bundle, tmp_path, monkeypatch):
    copy, version = _copy(bundle, tmp_path)
    path = version / "capabilities_vectors.npy"
    changed = bytearray(path.read_bytes())
    changed[-5] ^= 0x01
    path.write_bytes(bytes(changed))
    monkeypatch.setattr(bundles, "SMALL", 1024)  # so that this file counts as large and is not hashed on opening
    engine = Matchmaker.load(copy)
    assert engine.integrity.wait(30) == "corrupt"
    assert len(engine.integrity.problems) == 1
    with pytest.raises(BundleCorruptError, match=r"capabilities_vectors\.npy"):
        engine.recommend("p000", 1)


def test_the_background_check_leaves_a_good_bundle_alone(bundle):
    engine = Matchmaker.load(bundle)
    assert engine.integrity.wait(30) == "intact"
    assert engine.recommend("p000", 1)
    assert Matchmaker.load(bundle, background_check=False).integrity is None


def test_missing_and_truncated_files(bundle, tmp_path):
    copy, version = _copy(bundle, tmp_path)
    (version / "topic.npy").unlink()
    with pytest.raises(BundleCorruptError, match=r"topic\.npy is missing"):
        Matchmaker.load(copy)
    with pytest.raises(BundleMissingError, match="matchmaker build"):
        Matchmaker.load(tmp_path / "nowhere")
    (copy / "current").write_text("../elsewhere\n")
    with pytest.raises(BundleCorruptError, match="names no version"):
        Matchmaker.load(copy)


def test_a_foreign_format_says_build_again(bundle, tmp_path):
    copy, version = _copy(bundle, tmp_path)
    manifest = json.loads((version / "manifest.json").read_text())
    (version / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))
    (version / "manifest.sha256").write_text(bundles.sha256(version / "manifest.json"))
    with pytest.raises(BundleVersionError, match="Build it again"):
        Matchmaker.load(copy)


def test_golden_answers_are_asked_again(bundle, tmp_path, monkeypatch):
    copy, _ = _copy(bundle, tmp_path)
    monkeypatch.setattr("matchmaker.registry.golden.TOLERANCE", -1.0)
    with pytest.raises(BundleCorruptError, match="golden"):
        Matchmaker.load(copy)


def test_a_disk_that_refuses_leaves_the_old_bundle(engine, tmp_path, monkeypatch):
    folder = tmp_path / "b"
    engine.save(folder)
    before = sorted(path.name for path in folder.rglob("*"))

    def full(*_args, **_kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(StorageError, match="disk is full"):
        engine.save(folder)
    assert sorted(path.name for path in folder.rglob("*")) == before
    assert Matchmaker.load(folder).recommend("p000", 1)


_WRITER = """
import sys, time
from pathlib import Path
from matchmaker.registry.bundle import writing
with writing(Path(sys.argv[1]), "half") as writer:
    writer.text("a.txt", "half written")
    print("writing", flush=True)
    time.sleep(60)
"""


def test_kill_minus_nine_in_the_middle_leaves_the_old_bundle(engine, tmp_path):
    folder = tmp_path / "b"
    engine.save(folder)
    current = (folder / "current").read_text()
    process = subprocess.Popen([sys.executable, "-c", _WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().strip() == "writing"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert (folder / "current").read_text() == current
    assert Matchmaker.load(folder).recommend("p000", 1)
    assert list(folder.glob(".writing-*"))  # what the dead writer left ...
    time.sleep(0.01)
    engine.save(folder)
    assert not list(folder.glob(".writing-*"))  # ... is swept by the next
    assert Matchmaker.load(folder).recommend("p000", 1)
