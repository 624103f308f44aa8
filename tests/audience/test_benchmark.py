from argparse import Namespace

import pytest

from benchmarks.overlap import others
from benchmarks.overlap.__main__ import measured


def test_the_benchmark_measures_and_the_other_ways_find_the_same(tmp_path, monkeypatch):
    options = Namespace(rows=3000, partners=30, accounts=400, threads=2, subset=12, folder=tmp_path)
    facts = measured(options)
    assert (facts["account rows"], facts["partners"]) == (3000, 30)
    assert 400 < facts["pairs that share an account"] <= 30 * 29 // 2
    assert {name for name in facts if name.endswith("/ ours")} == {
        "subset: pandas merge / ours", "subset: SciPy blocks / ours", "subset: bitsets / ours",
    }  # fmt: skip
    monkeypatch.setattr(others, "_scipy", lambda _: 1)
    with pytest.raises(SystemExit, match="SciPy blocks finds 1"):
        measured(options)
