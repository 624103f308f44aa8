"""What is scored: a generated bundle, and pairs drawn from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet

_BLOCK = 1_000_000


def generated_bundle(count: int, folder: Path) -> Path:
    """A bundle of generated partners, made once."""
    from benchmarks.speed.__main__ import RandomTexts, generated
    from matchmaker import Catalogue, Matchmaker

    bundle = folder / f"bundle-{count}"
    if not (bundle / "current").exists():
        Matchmaker(encoder=RandomTexts()).fit(Catalogue.from_partners(generated(count))).save(bundle)
    return bundle


def drawn(bundle: Path, count: int, order: str, folder: Path) -> Path:
    """A Parquet file of `count` pairs of different partners, by chance; grouped: all pairs of a partner one after another."""
    from matchmaker.registry.bundle import open_bundle

    path = folder / f"pairs-{order}-{count}.parquet"
    if path.exists():
        return path
    ids = pa.array(open_bundle(bundle).json("state")["ids"])
    rng = np.random.default_rng(5)
    with parquet.ParquetWriter(path, pa.schema([("a", pa.string()), ("b", pa.string())])) as writer:
        for low in range(0, count, _BLOCK):
            size = min(_BLOCK, count - low)
            a = rng.integers(0, len(ids), size)
            if order == "grouped":
                a = np.arange(low, low + size) * len(ids) // count
            b = (a + rng.integers(1, len(ids), size)) % len(ids)
            writer.write_table(pa.table({"a": ids.take(pa.array(a)), "b": ids.take(pa.array(b))}))
    return path
