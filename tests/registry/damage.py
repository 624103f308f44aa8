"""Damage that every checksum agrees with: as if the files had been written so."""

import json

import numpy as np

from matchmaker.registry.bundle import sha256


def resealed(version):
    """Write the manifest and its digest anew over the files of a version as they are now."""
    path = version / "manifest.json"
    told = json.loads(path.read_text())
    for name, entry in told["files"].items():
        file = version / name
        entry["sha256"], entry["bytes"] = sha256(file), file.stat().st_size
        if name.endswith(".npy"):
            array = np.load(file, mmap_mode="r")
            entry["dtype"], entry["shape"] = str(array.dtype), list(array.shape)
    path.write_text(json.dumps(told))
    (version / "manifest.sha256").write_text(sha256(path) + "\n")
