"""The synthetic files show what data/sample/CARD.md says of them, and are what their maker makes."""

import json
import runpy

import pytest

from matchmaker import Matchmaker, load_catalogue
from matchmaker.trajectories.history import read_snapshots
from tests.conftest import SAMPLE

FILES = SAMPLE / "synthetic"


@pytest.fixture(scope="module")
def ecosystem():
    catalogue = load_catalogue(
        FILES / "partners.jsonl",
        accounts=FILES / "accounts.csv",
        demand=FILES / "demand.csv",
        account_key=b"any-sixteen-chars",
    )
    assert catalogue.report.ok
    return Matchmaker().fit(catalogue, snapshots=read_snapshots([FILES / "snapshots.jsonl"]))


def test_the_files_are_what_the_maker_makes_and_say_that_they_are_invented(tmp_path):
    runpy.run_path(str(SAMPLE / "make_synthetic.py"))["main"](tmp_path)
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_text() for path in FILES.iterdir()}
    for row in map(json.loads, (made["partners.jsonl"] + made["snapshots.jsonl"]).splitlines()):
        assert row["id"].startswith("fictional-") and row["name"].endswith("(fictional)") and row["extra"]["synthetic"]


def test_two_pairs_are_about_to_meet_and_nobody_else(ecosystem):
    motion = ecosystem.fitted.motion
    listed = {(motion.ids[row], motion.ids[one.pair.b]): one for row in range(24) for one in motion.collisions(row)}
    told = {
        ("fictional-cobalt-circle", "fictional-kestrel-stock"): (
            "future rival or merger",
            "subscription boxes with clothes",
        ),
        ("fictional-granite-parcel", "fictional-juniper-parcel"): ("partner now", "furniture shops with bulky returns"),
    }
    assert set(listed) == set(told) | {(b, a) for a, b in told}
    for pair, (kind, place) in told.items():
        one = listed[pair].pair
        approach = one.courses["audience"].approach
        assert (one.verdict, one.kinds, len(one.seen["audience"])) == ("converging", (kind,), 6)
        assert listed[pair].chance > 0.2 and approach is not None and approach.date > motion.last
        evidence = one.sentences("A", "B")[0]
        assert f"“Invented {place}”" in evidence and "apart on 2025-06-01" in evidence


def test_one_pair_parts_and_most_stand_still(ecosystem):
    motion = ecosystem.fitted.motion
    left, right = (motion.rows[f"fictional-birch-{name}"] for name in ("stock", "ledger"))
    assert motion.of_pair(left, right).verdict == "diverging"
    still = [len({texts for _, texts in rows}) == 1 for rows in _audiences().values()]
    assert (len(still), sum(still)) == (24, 18)


def test_a_market_is_clear_and_an_integration_ready(ecosystem):
    first = ecosystem.gaps("fictional-granite-parcel", k=3).missing[0]
    assert first.name == "Iris Circle (fictional)"
    assert (first.link.clear_market, first.link.effort, first.interface.verdict) == ("yes", 1.0, "ready")
    assert any(seen.count == 14 for seen in first.link.demand)


def _audiences():
    found = {}
    for line in (FILES / "snapshots.jsonl").read_text().splitlines():
        row = json.loads(line)
        found.setdefault(row["id"], []).append((row["as_of"], row["audience"]))
    return found
