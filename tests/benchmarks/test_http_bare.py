from __future__ import annotations

import numpy as np
import pytest
from fastapi.testclient import TestClient

from benchmarks.http.bare import JSON, built_index, create_app
from matchmaker.matching.ragged import unit

VECTORS = unit(np.random.default_rng(0).normal(size=(300, 16)).astype(np.float32))
IDS = [f"p{row}" for row in range(300)]
NAMES = [f"Partner {row}" for row in range(300)]


@pytest.mark.parametrize("json", JSON)
def test_the_route_lists_the_ten_nearest_others(json):
    client = TestClient(create_app(IDS, NAMES, VECTORS, built_index(VECTORS), json))
    shared = 0
    for row in range(0, 300, 10):
        cosines = VECTORS @ VECTORS[row]
        cosines[row] = -2
        best = np.argsort(-cosines)[:10]
        answer = client.get(f"/v1/partners/p{row}/matches").json()["data"]
        assert [one["rank"] for one in answer] == list(range(1, 11))
        for one in answer:
            assert set(one) == {"rank", "partner", "name", "score"}
            assert one["name"] == f"Partner {one['partner'][1:]}"
            assert one["score"] == pytest.approx(float(cosines[int(one["partner"][1:])]), abs=1e-5)
        shared += len({one["partner"] for one in answer} & {IDS[other] for other in best})
    assert shared >= 0.95 * 300  # the index is approximate


def test_an_unknown_partner_is_404_and_readiness_is_told():
    client = TestClient(create_app(IDS, NAMES, VECTORS, built_index(VECTORS)))
    assert client.get("/v1/partners/nobody/matches").status_code == 404
    assert client.get("/readyz").status_code == 200


def test_an_index_is_kept_and_read_again(tmp_path):
    file = tmp_path / "index.faiss"
    built = built_index(VECTORS, file)
    assert file.is_file()
    read = built_index(VECTORS[:1], file)
    assert read.ntotal == built.ntotal == 300
    assert read.hnsw.efSearch == built.hnsw.efSearch == 64
    assert np.array_equal(read.search(VECTORS[:5], 11)[1], built.search(VECTORS[:5], 11)[1])
