import sys

import numpy as np
import pytest

from matchmaker.audience import files
from matchmaker.audience.incidence import Incidence
from matchmaker.audience.pairs import overlap_of_pair
from matchmaker.audience.reading import read_accounts
from matchmaker.audience.sketches import Estimate, Sketches
from matchmaker.errors import CatalogueError, MissingExtraError, UnknownPartnerError
from matchmaker.profiles.accounts import POPULATIONS
from tests.audience.worlds import incidence, pairs_of
from tests.batch.tables import write

KEY = b"a key of the tests, long enough"


@pytest.fixture(scope="module")
def many():
    """40 partners with 2,000 to 60,000 of 200,000 accounts each."""
    rng = np.random.default_rng(11)
    sizes = rng.integers(2_000, 60_000, 40)
    rows = np.repeat(np.arange(40, dtype=np.int32), sizes)
    universe = rng.integers(0, 2**64, (200_000, 2), dtype=np.uint64)
    picked = np.concatenate([rng.choice(200_000, size, replace=False) for size in sizes])
    populations = rng.choice(3, len(rows), p=[0.6, 0.3, 0.1]).astype(np.int8)
    return Incidence.assembled(tuple(f"p{row:02d}" for row in range(40)), rows, universe[picked], populations, None)


def holds(estimate, truth):
    return estimate.low <= truth <= estimate.high


def test_the_truth_is_within_the_bounds_for_a_hundred_pairs(many):
    sketches, rng = Sketches.of(many), np.random.default_rng(5)
    estimated, others = 0, []
    for _ in range(100):
        one, other = (many.partner_ids[row] for row in rng.choice(40, 2, replace=False))
        found, exact = sketches.overlap(one, other), overlap_of_pair(many, one, other)
        assert holds(found.shared, exact.shared), (one, other)
        others += [
            holds(getattr(found, name), getattr(exact, name)) for name in ("your_accounts", "greenfield", "give")
        ]
        others += [holds(found.matrix[own][its], exact.matrix[own][its]) for own in POPULATIONS for its in POPULATIONS]
        assert abs(found.your_accounts.value / exact.your_accounts - 1) < 0.08
        assert found.shared.high - found.shared.low < 0.25 * (exact.your_accounts + exact.their_accounts)
        estimated += found.shared.value != exact.shared
    assert estimated > 80
    assert np.mean(others) > 0.99  # 997 of 1,000 are promised, and those of one partner err together


def test_few_accounts_are_counted_exactly():
    small = incidence([*pairs_of([range(300), range(200, 900)]), ("alpha", 250, "prospect", None)])
    found, exact = Sketches.of(small).overlap("alpha", "beta"), overlap_of_pair(small, "alpha", "beta")
    assert found.shared == Estimate(exact.shared, exact.shared, exact.shared)
    assert {own: {its: cell.value for its, cell in row.items()} for own, row in found.matrix.items()} == exact.matrix
    assert (found.give.value, found.get.value, found.greenfield.value) == (exact.give, exact.get, exact.greenfield)
    assert Sketches.of(small).overlap("delta", "alpha").shared == Estimate(0, 0, 0)


def test_a_file_is_read_as_it_is_for_exact_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "BLOCK", 50)
    rows = [
        {"partner": "ab"[number % 2], "account": f"shop{number // 3}.com", "population": POPULATIONS[number % 3]}
        for number in range(400)
    ]
    rows += [{"partner": "a", "account": "gmail.com", "population": "customer"}, {**rows[0], "population": "friend"}]
    path = write(tmp_path / "accounts.csv", rows)
    sketches, report = Sketches.read(path, key=KEY)
    exact = read_accounts(path, key=KEY)
    assert sketches.key_id == exact.incidence.key_id
    assert report.tables == exact.report.tables
    found, told = sketches.overlap("a", "b"), overlap_of_pair(exact.incidence, "a", "b")
    assert found.shared == Estimate(told.shared, told.shared, told.shared)
    assert {own: {its: cell.value for its, cell in row.items()} for own, row in found.matrix.items()} == told.matrix
    known, report = Sketches.read(path, key=KEY, partners=["b", "zero"])
    assert known.partner_ids == ("b", "zero")
    assert (report.tables["accounts"].kept, known.overlap("b", "zero").shared.value) == (200, 0)
    with pytest.raises(CatalogueError, match="No account could be read"):
        Sketches.read(path, key=KEY, partners=["nobody"])


def test_sketches_are_kept_on_disk(tmp_path, many):
    sketches = Sketches.of(many)
    sketches.save(tmp_path / "s.npz")
    again = Sketches.load(tmp_path / "s.npz")
    assert again.overlap("p01", "p02") == sketches.overlap("p01", "p02")
    assert [path.name for path in tmp_path.iterdir()] == ["s.npz"]
    with pytest.raises(UnknownPartnerError):
        again.overlap("p01", "nobody")
    (tmp_path / "s.npz").write_bytes(b"damaged")
    with pytest.raises(CatalogueError, match="not a file of sketches"):
        Sketches.load(tmp_path / "s.npz")


def test_without_the_extra_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasketches", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'matchmaker\[sketches\]'"):
        Sketches.of(incidence([]))
