import json
import subprocess
import sys

import pytest

from benchmarks.batch.__main__ import main
from benchmarks.batch.draw import drawn
from tests.batch.tables import read


def words(tmp_path, bundle, *arguments):
    common = ["--bundle", str(bundle), "--folder", str(tmp_path), "--threads", "1"]
    return [*arguments, *common, "--json", str(tmp_path / "facts.json")]


def facts_in(tmp_path):
    return json.loads((tmp_path / "facts.json").read_text())


def test_pairs_are_scored_and_timed(tmp_path, bundle):
    # A process of its own: memory counts children, and the process of the tests may have some of other tests.
    arguments = words(tmp_path, bundle, "pairs", "--pairs", "3000")
    subprocess.run([sys.executable, "-m", "benchmarks.batch", *arguments], check=True, capture_output=True)
    facts = facts_in(tmp_path)
    assert facts["pairs"] == 3000
    assert facts["pairs a second"] == pytest.approx(3000 / facts["seconds"])
    assert 0.05 < facts["peak memory GB, shared pages once (PSS)"] <= facts["peak memory GB, largest process (RSS)"]
    assert facts["processor seconds"] > 0
    assert len(read(tmp_path / "scores.parquet")) == 3000


def test_lists_are_made_and_set_beside_bare_searches(monkeypatch, tmp_path, bundle):
    monkeypatch.setattr(sys, "argv", ["batch", *words(tmp_path, bundle, "lists", "--limit", "12")])
    main()
    facts = facts_in(tmp_path)
    assert facts["partners"] == 12
    assert {row["partner"] for row in read(tmp_path / "lists.parquet")} == {f"p{one:03d}" for one in range(12)}
    bare = facts["bare HNSW of three facets, partners a second"]
    assert facts["ratio to bare HNSW"] == pytest.approx(facts["partners a second"] / bare)
    assert len(list(tmp_path.glob("hnsw-*.faiss"))) == 3


@pytest.mark.parametrize("order", ["random", "grouped"])
def test_pairs_are_drawn_once_and_are_of_two_partners(tmp_path, bundle, order):
    path = drawn(bundle, 500, order, tmp_path)
    rows = read(path)
    assert len(rows) == 500
    assert all(row["a"] != row["b"] for row in rows)
    assert ([row["a"] for row in rows] == sorted(row["a"] for row in rows)) == (order == "grouped")
    before = path.stat().st_mtime_ns
    assert drawn(bundle, 500, order, tmp_path).stat().st_mtime_ns == before
