"""What lists are measured against: bare FAISS HNSW searches of the three facets that candidates come from."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from benchmarks.http.bare import built_index

FOUND = 64
"""Nearest vectors of each query, as many as a channel brings."""
_ASKED = 4_000


def facets_per_second(bundle: Path, folder: Path, threads: int) -> float:
    """Partners a second whose audience, goals and capabilities are searched: each vector once, the k = 64 nearest, in one batch.

    Audiences among audiences, goals among capabilities, capabilities among goals; M = 32, efSearch = 64. Indexes are made once and
    kept in `folder`.
    """
    import faiss

    from matchmaker.matching.ragged import ranges
    from matchmaker.registry.bundle import open_bundle

    opened = open_bundle(bundle)
    faiss.omp_set_num_threads(threads)
    audience = np.ascontiguousarray(opened.array("audience"))
    rows = np.sort(np.random.default_rng(3).permutation(len(audience))[:_ASKED])
    queries = {"audience": audience[rows]}
    held = {"audience": audience}
    for name, among in (("goals", "capabilities"), ("capabilities", "goals")):
        offsets = opened.array(f"{name}_offsets")
        asked = ranges(offsets[rows], offsets[rows + 1])[0]
        queries[among] = np.ascontiguousarray(opened.array(f"{name}_vectors")[asked])
        held[among] = np.ascontiguousarray(opened.array(f"{among}_vectors"))
    seconds = 0.0
    for name, vectors in held.items():
        index = built_index(vectors, folder / f"hnsw-{opened.version}-{name}.faiss")
        index.search(queries[name][:100], FOUND)
        started = time.perf_counter()
        index.search(queries[name], FOUND)
        seconds += time.perf_counter() - started
    return len(rows) / seconds
