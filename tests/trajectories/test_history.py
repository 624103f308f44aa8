"""From a table of snapshots to collisions, with texts as bags of words."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from matchmaker.errors import CatalogueError, ColumnError, EncoderError
from matchmaker.trajectories.encode import fit_motion
from matchmaker.trajectories.history import read_snapshots
from matchmaker.trajectories.motion import Motion
from tests.words import WordEncoder

TODAY = dt.date(2025, 1, 1)
QUARTERS = [dt.date(2023, month, 1) for month in (1, 4, 7, 10)] + [dt.date(2024, month, 1) for month in (1, 4, 7, 10)]
THINGS = "returns shipping reviews loyalty payments tax search email stock support".split()
PLACES = "europe america asia africa oceania".split()


def table():
    """Sixty that stand still, each with its own words; `east` and `west` come to serve what two shops of apparel serve."""
    rows = []
    for day, date in enumerate(QUARTERS):
        for number in range(60):
            thing, place = THINGS[number % 10], PLACES[number % 5]
            rows.append(
                {
                    "id": f"p{number:02d}",
                    "name": f"House {number}",
                    "as_of": str(date),
                    "audience": f"shops in {place} number{number} segment{number % 7} seen{(number * day) % 11}",
                    "capabilities": [f"{thing} for shops {number % 13}", f"{thing} reports {number % 4}"],
                    "categories": [thing],
                    "industries": ["apparel" if number in (10, 20, 30) else place],
                }
            )
        for name, own, offer in (("east", "banks ledger vault", "forms"), ("west", "farms cattle wheat", "parts")):
            turn = np.radians(11 * day)
            words = ["apparel boutiques"] * round(20 * np.sin(turn)) + [own] * round(20 * np.cos(turn))
            what = {"audience": " ".join(words), "capabilities": [offer], "categories": ["own"]}
            rows.append({"id": name, "name": name.title(), "as_of": str(date), **what})
    for row in rows:
        if row["id"] in ("p10", "p20", "p30"):
            row["audience"] = f"apparel boutiques in {row['id']} streets"
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def motion():
    return fit_motion(read_snapshots(table(), today=TODAY), WordEncoder())


def test_two_that_come_to_serve_the_same_are_partners_now_and_say_where(motion):
    pair = motion.of_pair(motion.rows["east"], motion.rows["west"])
    assert pair.courses["audience"].verdict == "converging"
    assert pair.kinds == ("partner now",)
    assert pair.moved["audience"] == "both"
    place = pair.meets["audience"]
    assert place.text.startswith("apparel boutiques")
    assert place.label == "apparel"
    assert motion.ids[place.partner] in ("p10", "p20", "p30")
    [told] = [line for line in pair.sentences("East", "West") if line.startswith("audience")]
    assert "both moved toward “apparel boutiques" in told
    assert "apart on 2023-01-01" in told and "on 2024-10-01" in told
    first, last = pair.seen["audience"][0], pair.seen["audience"][-1]
    assert (first[0], last[0]) == (QUARTERS[0], QUARTERS[-1])
    assert last[1] < first[1]
    assert "predict" not in str(pair.to_dict()) + told


def test_a_motion_is_the_same_after_its_arrays(motion, tmp_path):
    np.savez(tmp_path / "motion.npz", **motion.arrays())
    again = Motion.from_arrays(np.load(tmp_path / "motion.npz", allow_pickle=False))
    assert again.rows == motion.rows and again.days == motion.days
    for row in (motion.rows["east"], 3):
        assert [one.to_dict() for one in again.collisions(row)] == [one.to_dict() for one in motion.collisions(row)]
    assert again.of_pair(0, 1).to_dict() == motion.of_pair(0, 1).to_dict()


def test_another_encoder_is_refused_with_the_remedy(motion):
    motion.check(WordEncoder.fingerprint)
    with pytest.raises(EncoderError, match="Fit the motion again"):
        motion.check("another")


def test_bad_rows_are_refused_and_counted_and_stop_nothing():
    good = table()
    bad = good.iloc[[0, 1, 2, 3]].copy()
    bad["as_of"] = [good.iloc[0]["as_of"], "2031-01-01", None, "no day"]
    bad["audience"] = "changed"
    history = read_snapshots(pd.concat([good, bad]), today=TODAY)
    counts = history.report.table("snapshots")
    assert (counts.read, counts.kept, counts.refused) == (len(good) + 4, len(good), 4)
    codes = {"duplicate_snapshot", "future_date", "missing_date", "invalid_date"}
    assert {code.partition(":")[2] for code in history.report.codes} == codes
    assert [issue.row for issue in history.report.issues] == [len(good) + place for place in (1, 2, 3, 4)]
    assert "changed" not in {one.audience for days in history.profiles.values() for one in days.values()}


def test_one_snapshot_and_who_vanishes_and_returns_are_no_error():
    frame = table()
    gone = (frame["id"] == "p05") & (frame["as_of"] > "2023-05")
    away = (frame["id"] == "west") & frame["as_of"].between("2023-06", "2024-02")
    once = (frame["id"] == "p07") & (frame["as_of"] != "2024-10-01")
    history = read_snapshots(frame[~(gone | away | once)], today=TODAY)
    facts = history.facts()
    assert (facts["gone"], facts["came back"], facts["seen once"], facts["seen fewer than four times"]) == (1, 1, 1, 2)
    motion = fit_motion(history, WordEncoder())
    west = motion.of_pair(motion.rows["east"], motion.rows["west"]).courses["audience"]
    assert west.snapshots == (8, 5)
    assert west.verdict == "converging"
    single = motion.of_pair(motion.rows["east"], motion.rows["p07"]).courses["audience"]
    assert single.verdict == "insufficient data" and "1 time" in single.reason
    assert not motion.lately[motion.rows["p05"]]


def test_sources_that_cannot_be_used_say_why():
    frame = table()
    with pytest.raises(ColumnError, match="as_of"):
        read_snapshots(frame.drop(columns="as_of"), today=TODAY)
    with pytest.raises(CatalogueError, match="No snapshot could be read"):
        read_snapshots(frame.assign(as_of="2030-01-01"), today=TODAY)
    with pytest.raises(CatalogueError, match="nothing could move"):
        fit_motion(read_snapshots(frame[["id", "name", "as_of"]], today=TODAY), WordEncoder())


def test_days_without_end_become_months():
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=day) for day in range(90)]
    frame = pd.DataFrame(
        [{"id": f"p{n}", "description": f"day {day.day}", "as_of": str(day)} for day in days for n in (1, 2)]
    )
    history = read_snapshots(frame, today=TODAY)
    assert history.dates == (dt.date(2024, 1, 31), dt.date(2024, 2, 29), dt.date(2024, 3, 30))
    assert history.profiles["p1"][dt.date(2024, 2, 29)].description == "day 29"
    assert history.report.codes == {"note:joined_dates": 1}


def test_an_audience_read_out_of_the_description_does_not_move():
    frame = table().drop(columns=["audience", "industries"]).assign(description="They sell.")
    motion = fit_motion(read_snapshots(frame, today=TODAY), WordEncoder())
    assert list(motion.facets) == ["capabilities"]


def test_a_text_is_encoded_once():
    class Counting(WordEncoder):
        def encode(self, texts, *, progress=None):
            seen.extend(texts)
            return super().encode(texts)

    seen = []
    fit_motion(read_snapshots(table(), today=TODAY), Counting())
    assert len(seen) == len(set(seen)) > 100
