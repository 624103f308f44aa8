"""A bundle that something has changed is named, by doctor and by every command that meets the change."""

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from matchmaker import Matchmaker
from matchmaker.cli.app import app
from matchmaker.errors import BundleCorruptError
from matchmaker.registry import bundle as bundles
from tests.cli.process import matchmaker, one_error

run = CliRunner().invoke


@pytest.fixture
def copy(real, tmp_path):
    """A copy of the real bundle: its folder and its version's folder."""
    shutil.copytree(real / "bundle", tmp_path / "copy")
    return tmp_path / "copy", tmp_path / "copy" / (tmp_path / "copy" / "current").read_text().strip()


def flipped(path, place):
    """The bytes of a file, one of them changed."""
    changed = bytearray(path.read_bytes())
    changed[place if place >= 0 else len(changed) + place] ^= 0xFF
    return bytes(changed)


def test_doctor_names_the_file_of_every_changed_byte(copy, monkeypatch):
    monkeypatch.setattr("matchmaker.cli.care._encoder", lambda: {"check": "encoder", "ok": True, "detail": ""})
    folder, version = copy
    files = sorted(version.iterdir())
    assert {"manifest.json", "manifest.sha256", "golden.json", "state.json", "partners.parquet"} < {
        path.name for path in files
    }
    for small, place in ((bundles.SMALL, 0), (0, -20)):  # with 0 every file is large: not hashed on opening, yet found
        monkeypatch.setattr(bundles, "SMALL", small)
        for path in files:
            original = path.read_bytes()
            path.write_bytes(flipped(path, place))
            done = run(app, ["doctor", "-m", str(folder), "--json"])
            assert done.exit_code == 4, (path.name, done.output)
            checks = json.loads(done.stdout)
            assert checks["ok"] is False
            assert any(path.name in check["detail"] for check in checks["checks"] if not check["ok"]), path.name
            path.write_bytes(original)
    assert run(app, ["doctor", "-m", str(folder), "--json"]).exit_code == 0


@pytest.mark.parametrize("name", ["manifest.sha256", "partners.parquet", "topic.npy"])
def test_a_changed_byte_ends_the_processes_that_meet_it(name, copy):
    folder, version = copy
    (version / name).write_bytes(flipped(version / name, -2))
    done = matchmaker("doctor", "-m", folder)
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    assert "WRONG" in done.stdout and name in "".join(done.stdout.split())
    asked = matchmaker("recommend", "alpha", "-m", folder)
    one_error(asked, 4, "bundle_corrupt", name, "build it again")
    assert asked.stdout == ""


@pytest.mark.parametrize("content", [b"\xff0261124", b"\x00", b"", b"..", b"elsewhere\n"])
def test_a_changed_pointer_names_no_version(content, copy):
    folder, _ = copy
    (folder / "current").write_bytes(content)
    done = run(app, ["recommend", "alpha", "-m", str(folder)])
    assert done.exception.code == "bundle_corrupt"
    assert run(app, ["doctor", "-m", str(folder)]).exit_code == 4


def test_a_large_file_that_is_something_else_now_is_one_error(bundle, tmp_path, monkeypatch):
    monkeypatch.setattr(bundles, "SMALL", 0)  # so that every file counts as large and is not hashed on opening
    shutil.copytree(bundle, tmp_path / "copy")
    version = tmp_path / "copy" / (tmp_path / "copy" / "current").read_text().strip()
    noise = np.random.default_rng(5)
    for path in sorted(version.iterdir()):
        original = path.read_bytes()
        for content in [noise.bytes(len(original)), *([b"{}".ljust(len(original))] if path.suffix == ".json" else [])]:
            path.write_bytes(content)
            done = run(app, ["recommend", "p000", "-m", str(tmp_path / "copy"), "--json"])
            if path.name == "MODEL_CARD.md":
                assert done.exit_code == 0
            else:
                assert getattr(done.exception, "code", done.exception) == "bundle_corrupt", path.name
                assert str(tmp_path) in str(done.exception)
        path.write_bytes(original)


@pytest.mark.parametrize("name", ["relations_b", "lexical_offsets", "labels_categories_codes", "goals_offsets"])
def test_places_outside_of_the_catalogue_are_found_before_the_large_files_are_hashed(
    name, bundle, tmp_path, monkeypatch
):
    shutil.copytree(bundle, tmp_path / "copy")
    path = tmp_path / "copy" / (tmp_path / "copy" / "current").read_text().strip() / f"{name}.npy"
    values = np.load(path)
    values[len(values) // 2] = 1 << 30
    np.save(path, values)
    monkeypatch.setattr(bundles, "SMALL", 0)
    with pytest.raises(BundleCorruptError, match=name):
        Matchmaker.load(tmp_path / "copy", background_check=False)
