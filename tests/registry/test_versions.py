"""Versions of a bundle folder: told, compared, promoted behind the gate, rolled back, pruned; whatever dies in between."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

from matchmaker.errors import (
    BundleCorruptError,
    BundleMissingError,
    GateRefusedError,
    SettingsError,
    StorageError,
)
from matchmaker.registry import bundle as bundles
from matchmaker.registry import versions as registry
from matchmaker.registry.bundle import current_version, make_current, open_bundle, writing
from matchmaker.registry.lists import path_of
from matchmaker.registry.promotions import FILE, effective, read
from tests.registry.learned import FAME, GAIN, WORSE, built, history, interval, learned, made, renamed


@pytest.fixture
def root(bundle, tmp_path):
    """A bundle folder with the versions v1, which is current, and v2, neither of which learned anything."""
    folder = renamed(bundle, tmp_path / "root")
    made(folder, "v2")
    return folder


def changes(root):
    return [(one.how, one.before, one.to) for one in read(root)[0]]


def flip(path, place=-5):
    content = bytearray(path.read_bytes())
    content[place] ^= 0x01
    path.write_bytes(bytes(content))


# Listing


def test_versions_are_told_with_what_the_gate_said_and_which_is_current(root):
    learned(root, "v3", passed=True)
    learned(root, "v4", passed=False, **{"from": "accounts"})
    registry.promote(root, "v4", force=True, reason="a trial")
    rows = registry.listing(root)
    keys = ("version", "basis", "from", "gate_passed", "forced", "current")
    assert [tuple(row[key] for key in keys) for row in rows] == [
        ("v1", "prior", None, None, False, False),
        ("v2", "prior", None, None, False, False),
        ("v3", "learned", "links", True, False, False),
        ("v4", "learned", "accounts", False, True, True),
    ]
    assert {(row["partners"], row["relations"], row["problem"]) for row in rows} == {(40, 3, None)}
    assert rows[0]["created"] == open_bundle(root / "v1").manifest["created"]


def test_bytes_are_those_on_the_disk_with_the_lists_made_ahead(root):
    files = sum(path.stat().st_size for path in (root / "v1").iterdir())
    assert registry.listing(root)[0]["bytes"] == files
    path_of(root / "v1").write_bytes(b"x" * 1000)
    assert registry.listing(root)[0]["bytes"] == files + 1000


def test_a_damaged_version_is_told_as_unusable_and_hides_no_other(root):
    (root / "v2" / "topic.npy").unlink()
    first, second = registry.listing(root)
    assert first["problem"] is None
    assert "topic.npy is missing" in second["problem"] and second["partners"] is None


def test_a_version_folder_lists_itself_and_an_empty_folder_nothing(root, tmp_path):
    assert [row["version"] for row in registry.listing(root / "v1")] == ["v1"]
    with pytest.raises(BundleMissingError, match="matchmaker build"):
        registry.listing(tmp_path / "nowhere")


# Promotion


def test_what_learned_nothing_is_promoted_and_recorded(root):
    told = registry.promote(root, "v2", by="key-1")
    assert current_version(root) == "v2" == open_bundle(root).version
    (line,) = [json.loads(line) for line in (root / FILE).read_text().splitlines()]
    assert {name: line[name] for name in ("from", "to", "forced", "reason", "gate_passed", "how", "by")} == {
        "from": "v1",
        "to": "v2",
        "forced": False,
        "reason": None,
        "gate_passed": None,
        "how": "promote",
        "by": "key-1",
    }
    assert told == {"version": "v2", "before": "v1", "changed": True} | {k: v for k, v in line.items() if k != "newest"}


def test_what_passed_the_gate_is_promoted(root):
    learned(root, "v3", passed=True)
    assert registry.promote(root, "v3", reason="better")["gate_passed"] is True
    assert current_version(root) == "v3"
    assert [(one.gate_passed, one.forced, one.reason) for one in read(root)[0]] == [(True, False, "better")]


def test_what_the_gate_refused_is_not_promoted_and_the_checks_it_failed_are_named(root):
    learned(root, "v3", passed=False)
    with pytest.raises(GateRefusedError) as refused:
        registry.promote(root, "v3", reason="I want it")
    assert WORSE in str(refused.value) and FAME in str(refused.value) and GAIN not in str(refused.value)
    assert (refused.value.code, refused.value.exit_code) == ("gate_refused", 4)
    assert current_version(root) == "v1" and not (root / FILE).exists()


@pytest.mark.parametrize("told", [{"learned": {"from": "links"}}, {"learned": None}, {}, {"learned": {"gate": {}}}])
def test_what_was_never_judged_is_as_good_as_refused(root, told):
    made(root, "v3", **{"basis": "learned", **told})
    with pytest.raises(GateRefusedError, match="No verdict"):
        registry.promote(root, "v3")
    assert current_version(root) == "v1"


@pytest.mark.parametrize("reason", [None, "", "  \n"])
def test_forcing_needs_a_reason(root, reason):
    learned(root, "v3", passed=False)
    for version in ("v2", "v3"):
        with pytest.raises(SettingsError, match="reason"):
            registry.promote(root, version, force=True, reason=reason)
    assert current_version(root) == "v1" and not (root / FILE).exists()


def test_a_refusal_is_overridden_by_force_and_that_is_recorded(root):
    learned(root, "v3", passed=False)
    told = registry.promote(root, "v3", force=True, reason=" demo for the board ")
    assert current_version(root) == "v3" and told["forced"]
    assert [(one.gate_passed, one.forced, one.reason) for one in read(root)[0]] == [(False, True, "demo for the board")]


def test_force_that_was_not_needed_is_not_recorded_as_used(root):
    learned(root, "v3", passed=True)
    registry.promote(root, "v3", force=True, reason="to be sure")
    assert [one.forced for one in read(root)[0]] == [False]
    assert not registry.listing(root)[2]["forced"]


@pytest.mark.parametrize("large", [True, False])
def test_a_damaged_version_is_refused_even_by_force(root, monkeypatch, large):
    if large:  # such a file is not hashed when a bundle is opened
        monkeypatch.setattr(bundles, "SMALL", 16)
    flip(learned(root, "v3", passed=False) / "capabilities_vectors.npy")
    with pytest.raises(BundleCorruptError, match=r"capabilities_vectors\.npy"):
        registry.promote(root, "v3", force=True, reason="never mind")
    assert current_version(root) == "v1" and not (root / FILE).exists()


def test_a_verdict_that_was_tampered_with_is_noticed(root):
    manifest = learned(root, "v3", passed=False) / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"passed": false', '"passed": true'))
    with pytest.raises(BundleCorruptError):
        registry.promote(root, "v3")


def test_what_is_current_already_is_not_recorded_again(root):
    assert registry.promote(root, "v1") | {"at": None} == {
        "version": "v1", "before": "v1", "changed": False, "at": None, "from": "v1", "to": "v1", "forced": False,
        "reason": None, "gate_passed": None, "how": "promote", "by": None,
    }  # fmt: skip
    assert changes(root) == []


@pytest.mark.parametrize("version", ["v9", "", "..", "../root/v2"])
def test_a_version_that_is_not_there(root, version):
    with pytest.raises(BundleMissingError, match="models list"):
        registry.promote(root, version)
    assert current_version(root) == "v1"


def test_a_version_folder_has_no_other_one_to_change_to(root):
    for change in (lambda: registry.promote(root / "v1", "v1"), lambda: registry.prune(root / "v1")):
        with pytest.raises(BundleMissingError):
            change()
    with pytest.raises(BundleMissingError, match="no version to go back to"):
        registry.rollback(root / "v1")
    assert sorted(path.name for path in root.iterdir()) == ["current", "v1", "v2"]


# Rolling back


def test_back_to_the_version_before_and_forth_again(root):
    registry.promote(root, "v2")
    assert registry.rollback(root)["version"] == "v1" == current_version(root)
    assert registry.rollback(root, by="key-1")["version"] == "v2" == current_version(root)
    assert changes(root) == [("promote", "v1", "v2"), ("rollback", "v2", "v1"), ("rollback", "v1", "v2")]
    assert read(root)[0][-1].by == "key-1"


def test_without_a_record_it_is_the_newest_older_version(root):
    built(root, "v3")
    assert registry.rollback(root)["version"] == "v2" == current_version(root)


def test_before_the_oldest_version_there_is_none(root):
    with pytest.raises(BundleMissingError, match="v1 is current"):
        registry.rollback(root)
    (root / "current").unlink()
    with pytest.raises(BundleMissingError, match="No version is current"):
        registry.rollback(root)
    assert not (root / FILE).exists()


def test_from_a_build_it_goes_to_what_was_current_before_the_build(root):
    registry.promote(root, "v2")
    registry.rollback(root)  # v2 was found bad
    built(root, "v3")
    assert registry.former(root) == "v1"
    built(root, "v4")
    assert registry.rollback(root)["version"] == "v3"


def test_one_that_the_gate_refused_is_never_gone_back_to_unless_it_was_forced_before(root):
    learned(root, "v3", passed=False)
    built(root, "v4")
    assert registry.former(root) == "v2"
    registry.promote(root, "v3", force=True, reason="a trial")
    assert registry.rollback(root)["version"] == "v4"
    assert registry.rollback(root)["version"] == "v3"


def test_one_that_learned_is_gone_back_to_only_if_it_was_current(root):
    learned(root, "v3", passed=True)
    built(root, "v4")
    assert registry.former(root) == "v2"
    registry.promote(root, "v3")
    built(root, "v5")
    assert registry.rollback(root)["gate_passed"] is True
    assert current_version(root) == "v3"


def test_one_that_got_past_the_gate_by_hand_is_not_gone_back_to(root):
    learned(root, "v3", passed=False)
    make_current(root, "v3")
    registry.promote(root, "v2")
    assert registry.former(root) == "v1"


def test_one_that_has_gone_is_passed_over(root):
    for name in ("v3", "v4"):
        made(root, name)
    for name in ("v3", "v4", "v2"):
        registry.promote(root, name)
    bundles._remove(root / "v4")
    assert registry.rollback(root)["version"] == "v3"


def test_where_the_current_one_has_gone_it_still_goes_back(root):
    registry.promote(root, "v2")
    bundles._remove(root / "v2")
    assert registry.rollback(root)["version"] == "v1" == open_bundle(root).version


def test_a_damaged_version_is_not_gone_back_to(root, monkeypatch):
    registry.promote(root, "v2")
    monkeypatch.setattr(bundles, "SMALL", 16)
    flip(root / "v1" / "topic.npy")
    with pytest.raises(BundleCorruptError, match=r"topic\.npy"):
        registry.rollback(root)
    assert current_version(root) == "v2" and len(changes(root)) == 1


# What dies in between

_KILLED = """
import os, signal, sys
from pathlib import Path
from matchmaker.registry import versions
versions.make_current = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
versions.promote(Path(sys.argv[1]), sys.argv[2])
"""


def test_kill_minus_nine_between_the_record_and_the_change(root):
    made(root, "v3")
    registry.promote(root, "v2")
    died = subprocess.run([sys.executable, "-c", _KILLED, str(root), "v3"], check=False)
    assert died.returncode == -signal.SIGKILL
    assert current_version(root) == "v2" == open_bundle(root).version
    recorded, torn = read(root)
    assert [(one.before, one.to) for one in recorded] == [("v1", "v2"), ("v2", "v3")] and torn == 0
    assert effective(recorded, "v2") == recorded[:1]  # what was not done
    assert registry.former(root) == "v1"
    registry.promote(root, "v3")  # nobody holds the lock
    assert effective(read(root)[0], "v3") == [recorded[0], read(root)[0][2]]
    assert registry.rollback(root)["version"] == "v2"


def test_a_change_that_the_disk_refused_after_its_record_was_not_done(root, monkeypatch):
    def full(*_):
        raise StorageError("full")

    with monkeypatch.context() as patch, pytest.raises(StorageError):
        patch.setattr(registry, "make_current", full)
        registry.promote(root, "v2")
    with pytest.raises(BundleMissingError):
        registry.former(root)
    built(root, "v3")
    assert registry.former(root) == "v2"


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.99])
def test_a_torn_line_is_passed_over_and_harms_no_other(root, share):
    registry.promote(root, "v2")
    whole = (root / FILE).read_bytes()
    torn = whole[: 1 + int(share * (len(whole) - 3))]
    (root / FILE).write_bytes(whole + torn)
    assert (changes(root), read(root)[1]) == ([("promote", "v1", "v2")], 1)
    registry.rollback(root)
    assert (changes(root), read(root)[1]) == ([("promote", "v1", "v2"), ("rollback", "v2", "v1")], 1)
    assert (root / FILE).read_bytes().startswith(whole + torn + b"\n")


def test_a_line_that_lacks_only_its_end_counts(root):
    registry.promote(root, "v2")
    (root / FILE).write_bytes((root / FILE).read_bytes()[:-1])
    registry.rollback(root)
    assert (changes(root), read(root)[1]) == ([("promote", "v1", "v2"), ("rollback", "v2", "v1")], 0)


@pytest.mark.parametrize("line", ["[]", "7", "null", "{}", '"x"', "[" * 5000, '{"at": 1', "\udcff"])
def test_lines_that_are_no_change_are_passed_over(root, line):
    registry.promote(root, "v2")
    whole = (root / FILE).read_bytes()
    (root / FILE).write_bytes(line.encode("utf-8", "surrogateescape") + b"\n" + whole)
    assert (changes(root), read(root)[1]) == ([("promote", "v1", "v2")], 1)
    wrong = json.loads(whole) | {"to": ["v1"]}
    (root / FILE).write_text(json.dumps(wrong) + "\n")
    assert read(root) == ([], 1)


def test_the_record_is_on_the_disk_before_the_pointer_changes(root, monkeypatch):
    done, fsync, change = [], os.fsync, registry.make_current

    def synced(handle):
        fsync(handle)
        done.append(os.path.basename(os.readlink(f"/proc/self/fd/{handle}")))

    def changed(*given):
        assert changes(root) == [("promote", "v1", "v2")] and current_version(root) == "v1"
        done.append("change")
        change(*given)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(registry, "make_current", changed)
    registry.promote(root, "v2")
    assert done[:3] == [FILE, "root", "change"]


def test_a_disk_that_is_full_leaves_the_record_and_the_pointer(root, monkeypatch):
    registry.promote(root, "v2")
    before, write = (root / FILE).read_bytes(), os.write

    def full(handle, content):
        if len(content) < 100:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, content[:-99])

    with monkeypatch.context() as patch, pytest.raises(StorageError, match="disk is full"):
        patch.setattr(os, "write", full)
        registry.promote(root, "v1")
    assert (root / FILE).read_bytes() == before and current_version(root) == "v2"


# Several at once


def test_a_reader_sees_the_old_version_or_the_new_one_and_every_change_is_recorded(root):
    seen, wrong, ended = set(), [], threading.Event()

    def look():
        while not ended.is_set():
            try:
                seen.add(open_bundle(root).version)
            except Exception as error:
                wrong.append(error)
                return

    def change(names):
        for name in names * 10:
            registry.promote(root, name)

    reader = threading.Thread(target=look)
    writers = [threading.Thread(target=change, args=(names,)) for names in (["v2", "v1"], ["v1", "v2"])]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    ended.set()
    reader.join()
    assert wrong == [] and seen == {"v1", "v2"}
    recorded, torn = read(root)
    ends = [one.to for one in recorded]
    assert torn == 0 and [one.before for one in recorded] == ["v1", *ends[:-1]] and ends[-1] == current_version(root)


def test_a_version_that_is_removed_before_its_turn_is_not_made_current(root):
    admitted = registry.admit(root, "v2")
    bundles._remove(root / "v2")
    with pytest.raises(BundleMissingError):
        admitted.carry_out()
    assert current_version(root) == "v1" and changes(root) == []


# Pruning


@pytest.fixture
def many(root):
    for name in ("v3", "v4", "v5", "v6"):
        made(root, name)
    return root


def kept(root):
    return [path.name for path in sorted(root.iterdir()) if path.name != "current"]


def test_the_oldest_go_and_never_the_current_one_nor_the_one_before(many):
    registry.promote(many, "v2")
    registry.promote(many, "v3")
    path_of(many / "v1").write_bytes(b"x" * 1000)
    path_of(many / "v2").write_bytes(b"x")
    sizes = {row["version"]: row["bytes"] for row in registry.listing(many)}
    planned = registry.prune(many, keep=1, dry_run=True)
    assert planned == [{"version": name, "bytes": sizes[name], "removed": False} for name in ("v1", "v4", "v5")]
    assert registry.listing(many)[0]["version"] == "v1"
    assert registry.prune(many, keep=1) == [{**one, "removed": True} for one in planned]
    assert kept(many) == [FILE, "v2", "v2.lists", "v3", "v6"]
    assert registry.prune(many, keep=1) == []
    assert registry.rollback(many)["version"] == "v2"


def test_without_a_record_the_newest_older_one_stays(many):
    make_current(many, "v3")
    registry.prune(many, keep=2)
    assert [row["version"] for row in registry.listing(many)] == ["v2", "v3", "v5", "v6"]


@pytest.mark.parametrize("keep", [6, 7])
def test_nothing_goes_where_there_are_no_more_than_are_kept(many, keep):
    assert registry.prune(many, keep=keep) == []
    assert len(registry.listing(many)) == 6


@pytest.mark.parametrize("keep", [0, -1])
def test_at_least_one_is_kept(many, keep):
    with pytest.raises(SettingsError, match="at least 1"):
        registry.prune(many, keep=keep)


def test_a_damaged_version_can_be_removed(many):
    (many / "v2" / "manifest.json").write_text("{")
    assert [one["version"] for one in registry.prune(many, keep=3)] == ["v2", "v3"]


def test_who_has_a_version_open_keeps_its_arrays(many):
    opened = open_bundle(many / "v2")
    vectors = opened.array("capabilities_vectors")
    whole = np.load(many / "v2" / "capabilities_vectors.npy")
    registry.prune(many, keep=1)
    assert not (many / "v2").exists() and np.array_equal(vectors, whole)


_PRUNED = """
import os, shutil, signal, sys
from pathlib import Path
from matchmaker.registry import versions
shutil.rmtree = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
versions.prune(Path(sys.argv[1]), 4)
"""


def test_kill_minus_nine_while_versions_are_removed(many):
    died = subprocess.run([sys.executable, "-c", _PRUNED, str(many)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert [row["version"] for row in registry.listing(many)] == ["v1", "v3", "v4", "v5", "v6"]
    assert [name for name in kept(many) if name.startswith(".writing-")]
    with pytest.raises(RuntimeError), writing(many, "v7"):
        raise RuntimeError
    assert kept(many) == [FILE, "v1", "v3", "v4", "v5", "v6"]


# Comparison


def test_two_versions_are_compared(root):
    told = open_bundle(root / "v1").manifest
    config = {**told["config"], "weights": {**told["config"]["weights"], "gain": 0.123}}
    made(root, "v3", config=config, partners=41, libraries={**told["libraries"], "numpy": "9.9"}, catalogue="c" * 32)
    found = registry.comparison(root, "v1", "v3")
    assert (found["a"], found["b"]) == ("v1", "v3")
    assert found["differs"] == {
        "catalogue": {"fingerprint": {"a": told["catalogue"], "b": "c" * 32}},
        "counts": {"partners": {"a": 40, "b": 41}},
        "config": {"weights.gain": {"a": told["config"]["weights"]["gain"], "b": 0.123}},
        "encoder": {},
        "indexes": {},
        "libraries": {"numpy": {"a": told["libraries"]["numpy"], "b": "9.9"}},
        "history": {},
    }
    assert (found["figures"], found["comparable"]) == ({}, False)
    assert found["gate"] == {"a": None, "b": None} == found["probability"]


def test_figures_and_gates_stand_side_by_side(root):
    learned(root, "v3", passed=True)
    more = {"all.ndcg@10": {"ours": interval(0.4, 0.3, 0.5)}, "matched.auc": {"ours": interval(0.6, 0.5, 0.7)}}
    data = {"links": 400, "left_out": {"unknown_partner": 2}}
    learned(root, "v4", passed=False, data=data, figures={"held_back": more}, probability={"ece": 0.04})
    found = registry.comparison(root, "v3", "v4")
    assert found["differs"]["history"] == {"data.links": {"a": 300, "b": 400}}
    assert found["figures"] == {
        "held_back": {
            "all.ndcg@10": {
                "a": history(True)["figures"]["held_back"]["all.ndcg@10"],
                "b": {"ours": interval(0.4, 0.3, 0.5)},
            },
            "matched.auc": {"a": None, "b": {"ours": interval(0.6, 0.5, 0.7)}},
        }
    }
    assert [found["gate"][side]["passed"] for side in "ab"] == [True, False]
    assert found["probability"] == {"a": None, "b": {"ece": 0.04}}
    assert not found["comparable"]


def test_figures_are_comparable_where_both_learned_from_the_same(root):
    learned(root, "v3", passed=True)
    learned(root, "v4", passed=False, base="v2")
    assert registry.comparison(root, "v3", "v4")["comparable"]
    learned(root, "v5", passed=True, seed=8)
    assert not registry.comparison(root, "v3", "v5")["comparable"]
    assert not registry.comparison(root, "v1", "v3")["comparable"]
    assert not any(registry.comparison(root, "v3", "v3")["differs"].values())
    with pytest.raises(BundleMissingError, match="v9"):
        registry.comparison(root, "v3", "v9")
