from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from benchmarks.http.bodies import NEW, matches_of, profile, questions, writes
from benchmarks.http.bundle import spare_version, versions
from benchmarks.http.draws import drawn, zipf
from benchmarks.http.load import Load
from benchmarks.http.measure import Busy, Encoding, Round, check_answer, listed
from benchmarks.http.verdict import Bar, Findings, bars_table, loads_table
from benchmarks.http.wire import Reply
from matchmaker import Partner


def load(requests: int = 100, *, rate: float = 100.0, ms: float = 10.0, bad: int = 0) -> Load:
    latencies = np.full(requests, ms)
    return Load(requests / rate, latencies, latencies * 0, {200: requests - bad, 500: bad}, {}, 0, 0.1)


def rounds(*ratios: float, ms: float = 10.0) -> list[Round]:
    return [Round(load(rate=100), load(rate=100 * ratio), load(ms=ms), {}) for ratio in ratios]


def bar(findings: Findings, name: str) -> Bar:
    return next(one for one in findings.bars() if one.name.startswith(name))


def test_uniform_draws_cover_the_catalogue_evenly():
    ids = [f"p{number}" for number in range(50)]
    asked = list(islice(drawn(ids, np.random.default_rng(0)), 50_000))
    counts = np.array([asked.count(partner) for partner in ids])
    assert np.all(np.abs(counts - 1000) < 5 * np.sqrt(1000))


def test_zipf_draws_follow_the_law_and_favourites_are_anywhere():
    chances = zipf(3, 1.0)
    assert chances == pytest.approx([6 / 11, 3 / 11, 2 / 11])
    ids = [f"p{number}" for number in range(200)]
    asked = list(islice(drawn(ids, np.random.default_rng(3), 1.2), 40_000))
    counts = np.array([asked.count(partner) for partner in ids])
    assert np.sort(counts)[::-1][:5] / 40_000 == pytest.approx(zipf(200, 1.2)[:5], rel=0.1)
    assert np.any(np.argsort(-counts)[:5] != np.arange(5))


def test_ids_are_quoted_in_paths():
    assert next(matches_of(iter(["a/b c"]))).startswith(b"GET /v1/partners/a%2Fb%20c/matches HTTP/1.1\r\n")


def test_writes_are_new_and_known_partners_by_turns_and_valid_profiles():
    done = list(islice(writes(["known"], np.random.default_rng(0)), 6))
    assert [partner for partner, _ in done] == [
        f"{NEW}000000",
        "known",
        f"{NEW}000001",
        "known",
        f"{NEW}000002",
        "known",
    ]
    for partner, data in done:
        head, _, body = data.partition(b"\r\n\r\n")
        assert head.startswith(f"PUT /v1/partners/{partner} HTTP/1.1".encode())
        assert Partner(id=partner, **json.loads(body)).goals


def test_no_two_profiles_have_the_same_description():
    rng = np.random.default_rng(0)
    assert len({str(profile(rng)["description"]) for _ in range(2000)}) == 2000
    asked = [json.loads(data.partition(b"\r\n\r\n")[2]) for data in islice(questions(rng), 2)]
    assert asked[0]["profile"] != asked[1]["profile"]


def test_the_longest_list_of_an_answer_is_counted():
    assert listed(b'{"notes": ["a"], "data": [{}, {}, {}]}') == 3
    assert [listed(body) for body in (b"", b"[1, 2]", b"{}", b'{"a": 1}', b"\xff")] == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("wrong", [Reply(503, b'{"data": [0,0,0,0,0,0,0,0,0,0]}'), Reply(200, b'{"data": []}')])
def test_an_answer_that_fails_or_is_empty_stops_the_run(wrong):
    check_answer("ours", Reply(200, b'{"data": [0,0,0,0,0,0,0,0,0,0]}'))
    with pytest.raises(SystemExit, match="ours answers"):
        check_answer("ours", wrong)


def test_the_ratio_is_told_by_the_median_round_with_its_spread():
    ratio = bar(Findings(uniform=rounds(0.2, 0.9, 0.3)), "ratio")
    assert ratio.measured == pytest.approx(0.3)
    assert ratio.spread == "0.2 to 0.9"
    assert ratio.met
    assert not bar(Findings(uniform=rounds(0.2, 0.24)), "ratio").met


def test_a_slow_tail_or_one_failure_misses_the_bar():
    assert bar(Findings(uniform=rounds(0.5, ms=60.0)), "p99 ms at half").met
    assert not bar(Findings(uniform=rounds(0.5, ms=60.1)), "p99 ms at half").met
    failing = replace(rounds(0.5)[0], half=load(bad=1))
    assert not bar(Findings(uniform=[*rounds(0.5), failing]), "failed requests, uniform").met


def test_nothing_measured_does_not_meet_a_bar():
    empty = load(0, rate=1.0)
    assert not bar(Findings(encoding=Encoding(empty, empty, empty)), "/livez p99").met


def test_a_swap_that_did_not_happen_and_a_lost_partner_are_told():
    busy = Busy(load(), load(), 200, 2.0, written=8, found=8)
    assert all(one.met for one in Findings(busy=busy).bars())
    for worse, name in (
        (replace(busy, swap=None), "swaps done"),
        (replace(busy, swap=409), "swaps done"),
        (replace(busy, found=7), "new partners"),
        (replace(busy, writes=load(bad=1)), "failed requests beside"),
        (replace(busy, reads=load(ms=151.0)), "reads p99"),
    ):
        assert [one.name.startswith(name) for one in Findings(busy=worse).bars() if not one.met] == [True]


def test_tables_name_every_load_and_every_bar():
    findings = Findings(
        rounds(0.5), rounds(0.4), Busy(load(), load(), 200, 1.0, 1, 1), Encoding(load(), load(), load())
    )
    text = loads_table(findings.loads())
    assert text.count("\n") == len(findings.loads()) == 11
    assert "ours at half, zipf, round 1" in text
    assert "NOT MET" not in bars_table(findings.bars())


def test_the_spare_version_is_not_the_current_one(tmp_path):
    assert spare_version(tmp_path / "none") is None
    for name in ("1", "2", ".writing-3"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text("{}")
    assert versions(tmp_path) == ["1", "2"]
    for current, spare in (("2", "1"), ("1", "2")):
        (tmp_path / "current").write_text(f"{current}\n")
        assert spare_version(tmp_path) == spare
