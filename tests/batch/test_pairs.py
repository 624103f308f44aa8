import json
import subprocess
import sys
from functools import partial

import pyarrow as pa
import pytest

from matchmaker import Matchmaker
from matchmaker.batch import run as running
from matchmaker.batch.pairs import Columns, PairWorker, pairs_work
from matchmaker.batch.run import plan, run
from matchmaker.errors import ColumnError, SettingsError, UnknownPartnerError
from tests.batch.tables import read, write

NUMBERS = ("mutual", "value_to_a", "value_to_b", "balance")


@pytest.fixture
def pairs(tmp_path):
    rows = [
        {"client_reference_id": f"r{one}", "a": f"p{one % 40:03d}", "b": f"p{(one * 7 + 1) % 40:03d}"}
        for one in range(50)
    ]
    rows[3]["b"], rows[5]["b"], rows[8]["a"], rows[9]["a"] = "nobody", rows[5]["a"], "", "no one"
    return write(tmp_path / "pairs.parquet", rows)


def make(path, bundle, out, threads=1, restart=False, rows=8, **options):
    return run(pairs_work(path, bundle, out, part_rows=rows, **options), out, threads=threads, restart=restart)


@pytest.mark.parametrize("kind", [".parquet", ".csv", ".jsonl"])
def test_rows_are_those_of_score_pairs_in_the_order_of_the_input(tmp_path, pairs, bundle, kind):
    engine = Matchmaker.load(bundle)
    summary = make(pairs, bundle, tmp_path / f"scores{kind}")
    found, asked = read(tmp_path / f"scores{kind}"), read(pairs)
    expected = engine.score_pairs([(row["a"], row["b"]) for row in asked]).rows
    for row, pair, wanted in zip(found, asked, expected, strict=True):
        assert [row[one] for one in ("client_reference_id", "a", "b")] == [
            pair["client_reference_id"],
            pair["a"] or None,
            pair["b"],
        ]
        assert row["model_version"] == engine.fitted.version
        assert row["status"] == ("a missing" if pair["a"] == "" else wanted["status"])
        for name in NUMBERS:
            assert row[name] == (None if wanted[name] is None else pytest.approx(wanted[name], abs=1e-9))
        assert (row["fit_type"], row["one_way_street"]) == (wanted["fit_type"], wanted["one_way_street"])
    assert [row["status"] for row in found if row["status"] != "ok"] == [
        "unknown partner nobody", "a and b are the same", "a missing", "unknown partner no one",
    ] + ["a and b are the same"] * (sum(p["a"] == p["b"] for p in asked) - 1)  # fmt: skip
    assert (summary.rows, summary.failed, summary.parts, summary.resumed) == (
        50,
        sum(w["status"] != "ok" for w in expected),
        7,
        0,
    )
    assert not (tmp_path / f"scores{kind}.parts").exists()


def test_candidates_are_scored_for_one_partner_named_as_people_name_it(tmp_path, bundle):
    path = write(tmp_path / "who.csv", [{"id": "x", "Partner": f"p{one:03d}"} for one in range(5)])
    make(path, bundle, tmp_path / "out.jsonl", asking="shipping house 1")
    assert [(row["a"], row["b"], row["status"]) for row in read(tmp_path / "out.jsonl")] == [
        ("p001", f"p{one:03d}", "a and b are the same" if one == 1 else "ok") for one in range(5)
    ]
    with pytest.raises(UnknownPartnerError):
        pairs_work(path, bundle, tmp_path / "out.csv", asking="nobody at all")
    with pytest.raises(SettingsError, match="--for PARTNER"):
        pairs_work(path, bundle, tmp_path / "out.csv")


def test_columns_that_do_not_fit_are_refused(tmp_path, pairs, bundle):
    with pytest.raises(SettingsError, match="holds pairs"):
        pairs_work(pairs, bundle, tmp_path / "out.csv", asking="p001")
    with pytest.raises(ColumnError, match="no column a"):
        pairs_work(write(tmp_path / "x.csv", [{"left": "p001", "b": "p002"}]), bundle, tmp_path / "out.csv")
    with pytest.raises(SettingsError, match="names no kind of output"):
        make(pairs, bundle, tmp_path / "out.xlsx")


@pytest.mark.parametrize("kind", [".parquet", ".csv", ".jsonl"])
def test_a_run_that_was_cut_off_gives_the_bytes_of_one_that_was_not(tmp_path, pairs, bundle, kind, monkeypatch):
    whole, cut = tmp_path / f"whole{kind}", tmp_path / f"cut{kind}"
    make(pairs, bundle, whole)
    made = []

    def dying(self, content, table=PairWorker.table):
        made.append(content)
        if len(made) == 4:
            raise KeyboardInterrupt
        return table(self, content)

    with monkeypatch.context() as patch:
        patch.setattr(PairWorker, "table", dying)
        with pytest.raises(KeyboardInterrupt):
            make(pairs, bundle, cut)
    assert not cut.exists()
    assert len(list((tmp_path / f"cut{kind}.parts").glob("*.part"))) == 3
    summary = make(pairs, bundle, cut)
    assert (summary.resumed, summary.parts, summary.rows) == (3, 7, 50)
    assert cut.read_bytes() == whole.read_bytes()


def test_the_input_is_never_the_output(tmp_path, bundle):
    source = write(tmp_path / "pairs.csv", [{"a": "p001", "b": "p002", "note": "mine"}])
    before = source.read_bytes()
    (tmp_path / "same.csv").symlink_to(source)
    for out in (source, tmp_path / "same.csv"):
        with pytest.raises(SettingsError, match="is what is read"):
            make(source, bundle, out)
    assert source.read_bytes() == before


def test_partners_are_known_by_exact_names_too(tmp_path, bundle):
    engine = Matchmaker.load(bundle)
    names = engine.fitted.profiles.names
    rows = [
        {"a": f" {names[1].upper()} ", "b": "p002"},
        {"a": names[2], "b": "p002"},
        {"a": names[1][:-1], "b": "p002"},
    ]
    make(write(tmp_path / "pairs.csv", rows), bundle, tmp_path / "out.jsonl")
    named, same, unknown = read(tmp_path / "out.jsonl")
    assert named["mutual"] == pytest.approx(engine.score_pairs([("p001", "p002")]).rows[0]["mutual"], abs=1e-9)
    assert (named["a"], named["status"], same["status"]) == (rows[0]["a"], "ok", "a and b are the same")
    assert unknown["status"] == f"unknown partner {rows[2]['a']}"


def test_parts_of_another_run_are_refused_until_restart(tmp_path, pairs, bundle, monkeypatch):
    out = tmp_path / "out.csv"

    def stop(self, file):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(running.Journal, "finish", stop)
        with pytest.raises(KeyboardInterrupt):
            make(pairs, bundle, out)
    with pytest.raises(SettingsError, match=r"part size differs \(8 there, 9 now\).*--restart"):
        make(pairs, bundle, out, rows=9)
    other = write(tmp_path / "other.csv", [{"a": "p001", "b": "p002"}])
    with pytest.raises(SettingsError, match=r"input differs\. Go on"):
        make(other, bundle, out)
    assert plan(pairs_work(other, bundle, out, part_rows=8), out, threads=1).refused == "input"
    assert make(other, bundle, out, restart=True).resumed == 0
    assert [row["status"] for row in read(out)] == ["ok"]


def test_two_processes_give_the_bytes_of_one(tmp_path, pairs, bundle):
    make(pairs, bundle, tmp_path / "one.parquet")
    make(pairs, bundle, tmp_path / "two.parquet", threads=2)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_a_plan_tells_what_is_left_and_writes_nothing(tmp_path, pairs, bundle):
    found = plan(pairs_work(pairs, bundle, tmp_path / "out.csv", part_rows=8), tmp_path / "out.csv", threads=2)
    assert (found.steps, found.parts, found.done, found.refused) == (50, 7, 0, None)
    assert found.per_second > 0
    assert [path.name for path in tmp_path.iterdir()] == ["pairs.parquet"]


def test_an_input_without_rows_gives_an_output_without_rows(tmp_path, bundle):
    (tmp_path / "none.csv").write_text("a,b\n")
    for kind in (".parquet", ".csv", ".jsonl"):
        summary = make(tmp_path / "none.csv", bundle, tmp_path / f"out{kind}")
        assert (summary.rows, summary.failed) == (0, 0)
        assert read(tmp_path / f"out{kind}") == []
    assert (tmp_path / "out.csv").read_text().startswith("a,b,status,mutual")


def test_another_process_at_the_same_output_is_refused(tmp_path, pairs, bundle):
    out = tmp_path / "out.csv"
    work = pairs_work(pairs, bundle, out)
    journal = running.Journal(out, work.made_of)
    with journal.opened(), pytest.raises(SettingsError, match="Another process"):
        run(work, out, threads=1)
    assert json.loads((tmp_path / "out.csv.parts" / "journal.json").read_bytes())["command"] == "score"


def test_a_disk_that_refuses_is_told_and_parts_are_kept(tmp_path, pairs, bundle):
    from matchmaker.errors import StorageError

    (tmp_path / "out.csv").mkdir()
    with pytest.raises(StorageError, match="parts that are done are kept"):
        make(pairs, bundle, tmp_path / "out.csv")
    assert len(list((tmp_path / "out.csv.parts").glob("*.part"))) == 7


def test_a_worker_is_opened_from_plain_data(bundle):
    import pickle

    from matchmaker.registry.bundle import open_bundle

    version = open_bundle(bundle).folder
    worker = pickle.loads(pickle.dumps(partial(PairWorker, version, Columns("a", "b", None), None)))()
    table = worker.table(pa.table({"a": ["p001", None], "b": ["p002", None]}))
    assert table.column("status").to_pylist() == ["ok", "a and b missing"]


def test_a_lean_process_leaves_pandas_out_while_it_is_lean():
    told = """
import sys
import pyarrow as pa
from matchmaker.batch.run import lean
pool = pa.default_memory_pool().backend_name
with lean():
    pa.array([1])
    assert "pandas" not in sys.modules and pa.default_memory_pool().backend_name == "system"
assert pa.default_memory_pool().backend_name == pool
import pandas
assert pa.array(pandas.Series([1, 2])).to_pylist() == [1, 2]
"""
    subprocess.run([sys.executable, "-c", told], check=True)
