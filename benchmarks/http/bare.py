"""What the service is measured against: a FastAPI route that makes one FAISS HNSW search and returns ten objects.

python -m benchmarks.http.bare BUNDLE --port 8001 [--index FILE] [--json orjson|plain]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import faiss
import numpy as np
import orjson
import pyarrow.parquet as parquet
import uvicorn
from fastapi import FastAPI, HTTPException, Response
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matchmaker.registry.bundle import Bundle

NEIGHBOURS, EF_SEARCH, LISTED = 32, 64, 10
UVICORN: dict[str, Any] = {"loop": "auto", "http": "auto", "access_log": False, "log_level": "warning"}
"""As the service is served: what is compared is the work behind the route."""
JSON = ("orjson", "plain")


def create_app(
    ids: Sequence[str],
    names: Sequence[str],
    vectors: NDArray[np.float32],
    index: Any,
    json: str = "orjson",
) -> FastAPI:
    """The app over `vectors` (n, d) unit float32, row r being partner `ids[r]`, and an index of them.

    json: `orjson` makes the bytes itself, which is the fastest and so the hardest to keep up with; `plain` returns the
    objects and leaves them to FastAPI.
    """
    app = FastAPI(openapi_url=None)
    rows = {partner: row for row, partner in enumerate(ids)}

    def found(partner: str) -> dict[str, object]:
        row = rows.get(partner)
        if row is None:
            raise HTTPException(404)
        scores, near = index.search(vectors[row : row + 1], LISTED + 1)
        pairs = [pair for pair in zip(near[0].tolist(), scores[0].tolist(), strict=True) if pair[0] != row][:LISTED]
        return {
            "data": [
                {"rank": rank, "partner": ids[other], "name": names[other], "score": score}
                for rank, (other, score) in enumerate(pairs, start=1)
            ]
        }

    if json == "orjson":

        @app.get("/v1/partners/{partner}/matches")
        async def bytes_of_matches(partner: str) -> Response:
            return Response(orjson.dumps(found(partner)), media_type="application/json")

    else:

        @app.get("/v1/partners/{partner}/matches")
        async def matches(partner: str) -> dict[str, object]:
            return found(partner)

    @app.get("/readyz")
    async def ready() -> dict[str, str]:
        return {"status": "ready"}

    return app


def built_index(vectors: NDArray[np.float32], file: Path | None = None) -> Any:
    """HNSW by inner product, M = 32, efSearch = 64; read from `file` where that exists, else built and written there."""
    index: Any
    if file and file.is_file():
        index = faiss.read_index(str(file))
    else:
        index = faiss.IndexHNSWFlat(vectors.shape[1], NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
        index.add(vectors)
        if file:
            faiss.write_index(index, str(file))
    index.hnsw.efSearch = EF_SEARCH
    return index


def names_of(bundle: Bundle) -> list[str]:
    """Names of a bundle's partners, by row."""
    names: list[str] = parquet.read_table(bundle.folder / "partners.parquet", columns=["name"])["name"].to_pylist()
    return names


def main() -> None:
    """Serve until stopped."""
    from matchmaker.registry.bundle import open_bundle

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--json", choices=JSON, default=JSON[0])
    options = parser.parse_args()
    bundle = open_bundle(options.bundle)
    vectors = np.ascontiguousarray(bundle.array("topic"))
    index = built_index(vectors, options.index)
    faiss.omp_set_num_threads(1)  # one query has nothing to share out
    app = create_app(bundle.json("state")["ids"], names_of(bundle), vectors, index, options.json)
    uvicorn.run(app, host="127.0.0.1", port=options.port, **UVICORN)


if __name__ == "__main__":
    main()
