"""A bundle on disk: `DIR/<version>/` beside `DIR/current`, a small file that names the version in use.

    manifest.json       format, config, encoder, library versions, data fingerprint, files -> sha256, bytes, dtype, shape
    manifest.sha256     digest of manifest.json: the root of trust of everything else
    partners.parquet    profiles and the facet texts behind the vectors
    *.npy               arrays, memory-mapped when read (never pickled)
    *.json, *.faiss     small state; FAISS files can be rebuilt from the arrays
    golden.json         queries and their expected answers
    MODEL_CARD.md       what this is, for people

A version is written to a temporary sibling, synced, renamed; then `current` is replaced. A reader sees the old bundle or the
new one. A writer that dies leaves only temporary names, or a whole version that is not current; the next writer removes the former.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchmaker.disk import cause, save_array, sync
from matchmaker.errors import (
    BundleCorruptError,
    BundleError,
    BundleMissingError,
    BundleVersionError,
    StorageError,
)

FORMAT = 2
MANIFEST, DIGEST, CURRENT = "manifest.json", "manifest.sha256", "current"
SMALL = 1 << 20
"""Files up to this many bytes are hashed whenever a bundle is opened; larger ones by `verify`."""
_TEMPORARY = ".writing-"
_BLOCK = 1 << 20
_open_here: set[Path] = set()
"""Temporary names of writers of this process; any other that bears its number was left by a dead one that had it before."""


@dataclass(frozen=True)
class Bundle:
    """An opened version: its folder and its manifest, digest and small files checked."""

    folder: Path
    manifest: dict[str, Any]
    _arrays: dict[str, NDArray[Any]] = field(default_factory=dict, repr=False)

    @property
    def version(self) -> str:
        """Name of the version."""
        return str(self.manifest["version"])

    def array(self, name: str) -> NDArray[Any]:
        """A memory-mapped array; dtype and shape must be those of the manifest."""
        if name not in self._arrays:
            self._arrays[name] = self._mapped(name)
        return self._arrays[name]

    def _mapped(self, name: str) -> NDArray[Any]:
        path = self.folder / f"{name}.npy"
        try:
            found = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise BundleCorruptError(_corrupt(path, f"cannot be read as an array ({error})")) from error
        entry = self.manifest["files"].get(path.name, {})
        if [str(found.dtype), list(found.shape)] != [entry.get("dtype"), entry.get("shape")]:
            raise BundleCorruptError(_corrupt(path, "has another dtype or shape than its manifest says"))
        return np.asarray(found)

    def json(self, name: str) -> Any:  # noqa: ANN401 - whatever the file holds
        """Parsed contents of `name`.json."""
        path = self.folder / f"{name}.json"
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise BundleCorruptError(_corrupt(path, f"cannot be read as JSON ({error})")) from error

    def verify(self, tick: Callable[[int], None] | None = None, rest: float = 0.0) -> list[str]:
        """Hash every file against the manifest: what is wrong, one line a file, empty when all is well.

        rest: seconds of pause for each second of work, for what else goes on.
        """
        problems = []
        for name, entry in sorted(self.manifest["files"].items()):
            try:
                problem = _differs(self.folder / name, entry, rest=rest)
            except OSError as error:
                problem = f"cannot be read ({cause(error)})"
            if problem:
                problems.append(f"{name} {problem}")
            if tick:
                tick(1)
        return problems


class Writer:
    """The folder of a version being written; every file goes through it, so that none escapes the manifest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._shapes: dict[str, tuple[str, list[int]]] = {}

    def array(self, name: str, values: NDArray[Any]) -> None:
        """Write `name`.npy."""
        with (self.folder / f"{name}.npy").open("wb") as file:
            save_array(file, values)
        self._shapes[f"{name}.npy"] = (str(values.dtype), list(values.shape))

    def json(self, name: str, values: object) -> None:
        """Write `name`.json, keys sorted."""
        text = json.dumps(values, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False)
        (self.folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")

    def text(self, name: str, content: str) -> None:
        """Write a text file under its full name."""
        (self.folder / name).write_text(content, encoding="utf-8")

    def close(self, facts: Mapping[str, Any]) -> None:
        """Write the manifest over all files, and sync everything."""
        files = {}
        for path in sorted(self.folder.iterdir()):
            entry: dict[str, Any] = {"sha256": sha256(path), "bytes": path.stat().st_size}
            if path.name in self._shapes:
                entry["dtype"], entry["shape"] = self._shapes[path.name]
            files[path.name] = entry
        self.json("manifest", {"format": FORMAT, **facts, "files": files})
        self.text(DIGEST, sha256(self.folder / MANIFEST) + "\n")
        for path in self.folder.iterdir():
            sync(path)
        sync(self.folder)


@contextmanager
def writing(root: Path, version: str, *, current: bool = True) -> Iterator[Writer]:
    """Write a version under `root` and, with `current`, make it current; nothing is left behind when anything fails.

    Raises StorageError when the disk refuses, with `root` as it was before.
    """
    made: list[Path] = []
    folder: Path | None = None
    pointer: Path | None = None
    try:
        made = [path for path in (root, *root.parents) if not path.exists()]
        root.mkdir(parents=True, exist_ok=True)
        _sweep(root)
        folder = Path(tempfile.mkdtemp(prefix=f"{_TEMPORARY}{os.getpid()}-", dir=root))
        pointer = folder.with_name(f"{folder.name}-{CURRENT}")
        _open_here.update((folder, pointer))
        yield Writer(folder)
        folder.chmod(0o755)
        # All that needs room on the disk comes before the two renames.
        pointer.write_text(f"{version}\n", encoding="utf-8")
        sync(pointer)
        folder.rename(root / version)
        if current:
            pointer.replace(root / CURRENT)
        else:
            pointer.unlink()
        sync(root)
        made = []
    except OSError as error:
        raise StorageError(_refused(root, error)) from error
    finally:
        if folder is not None and pointer is not None:
            if pointer.exists() and not folder.exists():  # cut off between the two renames
                shutil.rmtree(root / version, ignore_errors=True)
            _remove(folder)
            _remove(pointer)
            _open_here.difference_update((folder, pointer))
        for path in made:
            with contextlib.suppress(OSError):
                path.rmdir()


def open_bundle(path: Path) -> Bundle:
    """Open a version folder, or the current version of a bundle folder.

    Checks the manifest's own digest, every file's presence and size, and the sha256 of the small ones.
    Raises BundleMissingError, BundleVersionError, BundleCorruptError, or BundleError when the disk refuses to read it.
    """
    try:
        return _opened(_resolve(path))
    except OSError as error:
        raise BundleError(
            f"{error.filename or path} cannot be read: {cause(error)}. "
            "Give this user the right to read the whole bundle, or name another one."
        ) from error


def versions(root: Path) -> list[str]:
    """The whole versions under `root`, oldest first; the version itself where `root` is one. Raises BundleError."""
    try:
        if (root / MANIFEST).is_file():
            return [root.name]
        return sorted(path.parent.name for path in root.glob(f"*/{MANIFEST}") if not path.parent.name.startswith("."))
    except OSError as error:
        raise BundleError(f"{root} cannot be read: {cause(error)}. Give this user the right to read it.") from error


def current_version(root: Path) -> str | None:
    """Name of the version under `root` that is current; None where `root` is a version itself, or names none."""
    if (root / MANIFEST).is_file():
        return None
    try:
        return (root / CURRENT).read_text(encoding="utf-8", errors="replace").strip() or None
    except FileNotFoundError:
        return None


def make_current(root: Path, version: str) -> None:
    """Make a version under `root` the current one, in one step. Raises BundleMissingError, StorageError."""
    if version not in versions(root) or (root / MANIFEST).is_file():
        raise BundleMissingError(f"{root} holds no version {version!r} to change to.")
    pointer = root / f"{_TEMPORARY}{os.getpid()}-{threading.get_ident()}-{CURRENT}"
    _open_here.add(pointer)
    try:
        pointer.write_text(f"{version}\n", encoding="utf-8")
        sync(pointer)
        pointer.replace(root / CURRENT)
        sync(root)
    except OSError as error:
        raise StorageError(_refused(root, error)) from error
    finally:
        pointer.unlink(missing_ok=True)
        _open_here.discard(pointer)


def sha256(path: Path, rest: float = 0.0) -> str:
    """Hex sha256 of a file, read in blocks; rest: seconds of pause for each second of work."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        begun = time.perf_counter()
        while block := file.read(_BLOCK):
            digest.update(block)
            if rest:
                time.sleep(rest * (time.perf_counter() - begun))
                begun = time.perf_counter()
    return digest.hexdigest()


def _opened(folder: Path) -> Bundle:
    manifest_file, digest_file = folder / MANIFEST, folder / DIGEST
    if not manifest_file.is_file() or not digest_file.is_file():
        raise BundleCorruptError(_corrupt(folder, f"lacks {MANIFEST} or {DIGEST}"))
    if sha256(manifest_file).encode() != digest_file.read_bytes().strip():
        raise BundleCorruptError(_corrupt(manifest_file, f"is not the file that {DIGEST} names"))
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    if manifest.get("format") != FORMAT:
        raise BundleVersionError(
            f"{folder} has bundle format {manifest.get('format')}, this version reads {FORMAT}. Build it again."
        )
    for name, entry in manifest["files"].items():
        problem = _differs(folder / name, entry, content=entry["bytes"] <= SMALL)
        if problem:
            raise BundleCorruptError(_corrupt(folder / name, problem))
    return Bundle(folder, manifest)


def _differs(path: Path, entry: Mapping[str, Any], *, content: bool = True, rest: float = 0.0) -> str | None:
    if not path.is_file():
        return "is missing"
    if path.stat().st_size != entry["bytes"]:
        return f"has {path.stat().st_size} bytes, its manifest says {entry['bytes']}"
    if content and sha256(path, rest) != entry["sha256"]:
        return "has changed since it was written (its sha256 differs from the manifest)"
    return None


def _sweep(root: Path) -> None:
    """Remove what writers that were killed have left; what belongs to living ones stays."""
    for left in root.glob(f"{_TEMPORARY}*-*"):
        owner = left.name.removeprefix(_TEMPORARY).partition("-")[0]
        ours = owner == str(os.getpid())
        if left not in _open_here if ours else not owner.isdigit() or not _alive(int(owner)):
            _remove(left)


def _remove(path: Path) -> None:
    """Remove a folder or a file as far as the disk allows."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _resolve(path: Path) -> Path:
    if (path / MANIFEST).is_file():
        return path
    pointer = path / CURRENT
    if not pointer.is_file():
        raise BundleMissingError(
            f"No bundle at {path}. Name one with -m, or make one with: matchmaker build CATALOG -o {path}"
        )
    version = pointer.read_text(encoding="utf-8", errors="replace").strip()
    if not version or Path(version).name != version or not (path / version).is_dir():
        raise BundleCorruptError(_corrupt(pointer, f"names no version beside it ({version!r})"))
    return path / version


def _corrupt(path: Path, problem: str) -> str:
    return f"{path} {problem}. The bundle cannot be trusted: build it again, or go back to an earlier version."


def _refused(root: Path, error: OSError) -> str:
    return (
        f"Could not write the bundle to {root}: {cause(error)}. "
        "What was there before is untouched; free space or name another folder."
    )
