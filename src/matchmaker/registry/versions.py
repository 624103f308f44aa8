"""The versions of a bundle folder: which there are, how two differ, which is current, and which may go.

A version that learned from history becomes current only if the release gate let it pass, or if somebody forces it and says why.
Its verdict stands in its manifest. Every change made here is recorded first (registry/promotions.py).
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from matchmaker.errors import BundleCorruptError, BundleError, BundleMissingError, GateRefusedError, SettingsError
from matchmaker.registry.bundle import (
    _TEMPORARY,
    MANIFEST,
    Bundle,
    current_version,
    make_current,
    open_bundle,
    versions,
)
from matchmaker.registry.comparison import compared
from matchmaker.registry.lists import path_of
from matchmaker.registry.promotions import Change, How, changing, effective, read

KEEP = 3
"""Versions that `prune` keeps where nothing else is said."""
_NAMED = 3
"""Wrong files that are named."""


@dataclass(frozen=True)
class Admission:
    """A version that may become current: whole, and let through by the gate or forced past it."""

    root: Path
    version: str
    how: How
    gate_passed: bool | None
    forced: bool = False
    reason: str | None = None
    by: str | None = None

    def carry_out(self) -> dict[str, Any]:
        """Record the change, then make the version current; nothing is recorded where it is current already.

        Returns what `promote` does. Raises BundleMissingError where the version has gone meanwhile, StorageError.
        """
        with changing(self.root) as record:
            here = versions(self.root)
            if self.version not in here:
                raise BundleMissingError(_missing(self.root, self.version))
            before = current_version(self.root)
            change = Change(
                at=datetime.now(UTC).isoformat(timespec="milliseconds"),
                before=before,
                to=self.version,
                forced=self.forced,
                reason=self.reason,
                gate_passed=self.gate_passed,
                how=self.how,
                by=self.by,
                newest=here[-1],
            )
            if before != self.version:
                record(change)
                make_current(self.root, self.version)
        told = {name: value for name, value in change.to_dict().items() if name != "newest"}
        return {"version": self.version, "before": before, "changed": before != self.version, **told}


def folder_of(root: Path, version: str) -> Path:
    """The folder of a version under `root`, or `root` itself where it is that version. Raises BundleMissingError, BundleError."""
    if version not in versions(root):
        raise BundleMissingError(_missing(root, version))
    return root if _is_version(root) else root / version


def gate_passed(manifest: Mapping[str, Any]) -> bool | None:
    """What the gate said of a version: None of one that learned nothing, False also of one that was never judged."""
    learned = manifest.get("learned") or {}
    if not learned and manifest.get("basis") != "learned":
        return None
    return (learned.get("gate") or {}).get("passed") is True


def listing(root: Path) -> list[dict[str, Any]]:
    """Every whole version under `root`, oldest first.

    Each is told as

    - `version`, and as its manifest says `created`, `partners`, `relations`, `basis` (prior or learned), `from` (links, accounts),
    - `gate_passed`: the gate's verdict, None where nothing was learned,
    - `forced`: whether it was made current against the gate when it last was,
    - `current`,
    - `bytes`: on the disk, lists made ahead included,
    - `problem`: a sentence where it cannot be used, and its facts are None.

    Raises BundleMissingError where there is none, BundleError.
    """
    here = versions(root)
    if not here:
        raise BundleMissingError(
            f"No bundle at {root}. Name one with -m, or make one with: matchmaker build CATALOG -o {root}"
        )
    current = current_version(root)
    done = effective(read(root)[0], current)
    forced = {change.to: change.forced for change in done if change.how == "promote"}
    return [
        {**_told(folder), "forced": forced.get(name, False), "current": name == current, "bytes": _size(folder)}
        for name in here
        for folder in [folder_of(root, name)]
    ]


def admit(
    root: Path, version: str, *, force: bool = False, reason: str | None = None, by: str | None = None
) -> Admission:
    """Whether a version may become current, and every file of it is what its manifest says; changes nothing.

    Args:
        root: bundle folder.
        version: name of a version in it.
        force: let a version pass that the gate refused.
        reason: why; needed with `force`, and recorded.
        by: who asks, as it is to be recorded.

    Raises:
        SettingsError: `force` without a reason.
        BundleMissingError: no such version, or `root` is a version itself.
        GateRefusedError: the gate refused it, or never judged it, and it is not forced.
        BundleCorruptError: a file is missing or has changed, whether forced or not.
        BundleError: the disk refuses to read it.

    """
    reason = (reason or "").strip() or None
    if force and reason is None:
        raise SettingsError("To force a version past the gate give a reason: it is recorded with the change.")
    bundle = open_bundle(_inside(root, version))
    passed = gate_passed(bundle.manifest)
    if passed is False and not force:
        raise GateRefusedError(
            f"The gate refused version {version}, so it is not made current; to do so all the same, force it and give a reason. "
            f"{' '.join(_failures(bundle.manifest))}"
        )
    _verify(bundle)
    return Admission(root, version, "promote", passed, forced=passed is False, reason=reason, by=by)


def promote(
    root: Path, version: str, *, force: bool = False, reason: str | None = None, by: str | None = None
) -> dict[str, Any]:
    """Make a version current: at once if it learned nothing or passed the gate, else only if it is forced with a reason.

    Returns `version`, `before` (the version that was current, or None), `changed` (False where it was current already, and
    nothing is recorded), and what is recorded: `at`, `from`, `to`, `forced`, `reason`, `gate_passed`, `how`, `by`.
    Raises what `admit` does, and StorageError with the current version as it was.
    """
    return admit(root, version, force=force, reason=reason, by=by).carry_out()


def former(root: Path) -> str:
    """The version that `rollback` goes to: the one that was current before the one that is.

    As recorded. Builds are not recorded: where one made the current version so, it is the newest version before that. Passed over
    are those that have gone, those that learned and never were current, and those that the gate refused and nobody ever forced.
    Raises BundleMissingError where there is none, BundleError.
    """
    current = current_version(root)
    done = effective(read(root)[0], current)
    found = next((name for name in _before(root, current, done) if _returnable(root / name, done)), None)
    if found is None:
        now = f"Version {current} is current" if current else "No version is current"
        raise BundleMissingError(
            f"{root} has no version to go back to. {now}, and no other one that may be is at hand. "
            "`matchmaker models list` shows what is there; `matchmaker models promote` makes one current by name."
        )
    return found


def returning(root: Path, *, by: str | None = None) -> Admission:
    """Where `rollback` goes, every file of it checked; changes nothing.

    Raises BundleMissingError, BundleCorruptError, BundleError.
    """
    version = former(root)
    bundle = open_bundle(root / version)
    _verify(bundle)
    return Admission(root, version, "rollback", gate_passed(bundle.manifest), by=by)


def rollback(root: Path, *, by: str | None = None) -> dict[str, Any]:
    """Back to the version that was current before (`former`); done twice, it ends where it began. Returns what `promote` does.

    The gate is not asked again: what was current may be current once more. Raises BundleMissingError, BundleCorruptError,
    BundleError, StorageError.
    """
    return returning(root, by=by).carry_out()


def prune(root: Path, keep: int = KEEP, dry_run: bool = False) -> list[dict[str, Any]]:
    """Remove all versions but the newest `keep`, the current one, and the one that `rollback` would go to.

    Lists made ahead of a version go with it. Each is renamed first, so that whoever looks sees all of it or nothing, and what a
    kill leaves is removed by the next build. Who has it open keeps what is mapped into memory.

    Args:
        root: bundle folder.
        keep: versions to keep, at least 1.
        dry_run: only say what would be removed.

    Returns:
        Those removed, oldest first: `version`, `bytes` freed, `removed` (False in a dry run).

    Raises:
        SettingsError: `keep` is below 1.
        BundleMissingError: `root` is no bundle folder.
        BundleError, StorageError: the disk refuses.

    """
    if keep < 1:
        raise SettingsError(f"keep must be at least 1, it is {keep}.")
    if _is_version(root) or not versions(root):
        raise BundleMissingError(f"{root} is no bundle folder with versions in it. Name one with -m.")
    if dry_run:
        return [{"version": name, "bytes": _size(root / name), "removed": False} for name in _surplus(root, keep)]
    removed, left = [], []
    try:
        with changing(root):
            for name in _surplus(root, keep):
                size, away = _size(root / name), root / f"{_TEMPORARY}{os.getpid()}-pruned-{name}"
                path_of(root / name).unlink(missing_ok=True)  # first: nothing else would ever remove it
                (root / name).rename(away)
                left.append(away)
                removed.append({"version": name, "bytes": size, "removed": True})
    finally:
        for away in left:
            shutil.rmtree(away, ignore_errors=True)
    return removed


def comparison(root: Path, a: str, b: str) -> dict[str, Any]:
    """How two versions differ: `a` and `b`, their names, and what registry/comparison.py tells.

    Raises BundleMissingError, BundleCorruptError, BundleVersionError, BundleError.
    """
    return {"a": a, "b": b, **compared(*(open_bundle(folder_of(root, name)).manifest for name in (a, b)))}


def _before(root: Path, current: str | None, done: Sequence[Change]) -> Iterable[str]:
    """Versions at hand, in the order in which they may have been current before the current one."""
    here = versions(root)
    order: list[str | None] = []
    if done and done[-1].to != current:  # by a build since; others may have been built before it
        order += [name for name in reversed(here) if done[-1].newest < name < (current or "")] + [done[-1].to]
    order += [change.before for change in reversed(done)]
    order += [name for name in reversed(here) if current is not None and name < current]
    return dict.fromkeys(name for name in order if name in here and name != current)


def _returnable(folder: Path, done: Sequence[Change]) -> bool:
    try:
        passed = gate_passed(open_bundle(folder).manifest)
    except BundleError:
        return True  # whoever goes back to it is told
    if passed is None:
        return True
    forced = any(change.forced for change in done if change.to == folder.name)
    return (passed or forced) and any(folder.name in (change.before, change.to) for change in done)


def _surplus(root: Path, keep: int) -> list[str]:
    kept = {current_version(root)}
    with contextlib.suppress(BundleMissingError):
        kept.add(former(root))
    return [name for name in versions(root)[:-keep] if name not in kept]


def _verify(bundle: Bundle) -> None:
    if problems := bundle.verify():
        more = f"; and {len(problems) - _NAMED} more" if len(problems) > _NAMED else ""
        raise BundleCorruptError(
            f"{bundle.folder} is not what was written: {'; '.join(problems[:_NAMED])}{more}. Build it again, or take another one."
        )


def _failures(manifest: Mapping[str, Any]) -> list[str]:
    checks = ((manifest.get("learned") or {}).get("gate") or {}).get("checks") or ()
    found = [str(check["sentence"]) for check in checks if not check["passed"]]
    return found or ["No verdict of the gate is in its manifest: train it again."]


def _inside(root: Path, version: str) -> Path:
    if _is_version(root):
        raise BundleMissingError(
            f"{root} is a version itself, with no other one to change to: name the folder it is in."
        )
    return folder_of(root, version)


def _is_version(root: Path) -> bool:
    return (root / MANIFEST).is_file()


def _missing(root: Path, version: str) -> str:
    return f"{root} holds no version {version!r}. `matchmaker models list` shows those there are."


def _told(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = {"version": folder.name}
    facts: Mapping[str, Any] = {}
    problem = None
    try:
        facts = open_bundle(folder).manifest
    except BundleError as error:
        problem = str(error)
    told |= {name: facts.get(name) for name in ("created", "partners", "relations", "basis")}
    told["from"] = (facts.get("learned") or {}).get("from")
    return {**told, "gate_passed": gate_passed(facts), "problem": problem}


def _size(folder: Path) -> int:
    total = 0
    for path in (*folder.rglob("*"), path_of(folder)):
        with contextlib.suppress(OSError):  # of what is removed meanwhile
            total += path.stat().st_size if path.is_file() else 0
    return total
