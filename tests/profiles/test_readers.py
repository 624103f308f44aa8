import json

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matchmaker.errors import CatalogueError
from matchmaker.profiles.readers import read_table


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(mark, tmp_path):
    table = read_table(written(tmp_path, "t.csv", f"id{mark}name{mark}note\na{mark}A{mark}x y\n"))
    assert table.columns == ["id", "name", "note"]
    assert table.rows == [(1, {"id": "a", "name": "A", "note": "x y"})]


def test_quotes_newlines_and_bom(tmp_path):
    table = read_table(
        written(tmp_path, "t.csv", b'\xef\xbb\xbfid,text\r\na,"one, two\nthree ""four"""\r\nb,\xc3\xa4\r\n')
    )
    assert table.columns == ["id", "text"]
    assert [row["text"] for _, row in table.rows] == ['one, two\nthree "four"', "ä"]


def test_tsv_is_split_at_tabs_only(tmp_path):
    table = read_table(written(tmp_path, "t.tsv", "a,b,c,d\tname\n1\tA\n"))
    assert table.columns == ["a,b,c,d", "name"]


def test_a_comma_wins_a_tie(tmp_path):
    assert read_table(written(tmp_path, "t.csv", "a;b,c\n1;2,3\n")).columns == ["a;b", "c"]


def test_nameless_columns_are_numbered_and_double_ones_refused(tmp_path):
    assert read_table(written(tmp_path, "t.csv", "name,,\nA,1,2\n")).columns == ["name", "column 2", "column 3"]
    with pytest.raises(CatalogueError, match="two columns named 'name'"):
        read_table(written(tmp_path, "u.csv", "name,name\nA,B\n"))
    with pytest.raises(CatalogueError, match="two columns named 'name'"):
        read_table(pd.DataFrame([["A", "B"]], columns=["name", "name"]))


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.json", "t.jsonl", "t.ndjson", "t.parquet", "t.xlsx"])
def test_an_empty_file_is_refused(name, tmp_path):
    with pytest.raises(CatalogueError, match=rf"^{name} is empty\.$"):
        read_table(written(tmp_path, name, ""))


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.json", "t.jsonl"])
def test_broken_utf8_names_the_byte_and_the_line(name, tmp_path):
    with pytest.raises(CatalogueError, match=r"not UTF-8: byte 12 \(line 2\) is 0xff"):
        read_table(written(tmp_path, name, b"id,name\na,bc\xff\n"))


def test_an_open_quotation_mark_is_refused(tmp_path):
    with pytest.raises(CatalogueError, match="quotation mark"):
        read_table(written(tmp_path, "t.csv", 'id,name\na,"A\nb,B\n'))


def test_unknown_kinds_and_missing_files(tmp_path):
    with pytest.raises(CatalogueError, match=r"of no known kind.*\.csv, \.json"):
        read_table(written(tmp_path, "t.doc", "x"))
    with pytest.raises(CatalogueError, match="is not a file"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(CatalogueError, match="is not a file"):
        read_table(tmp_path)


def test_endings_are_read_in_any_case(tmp_path):
    assert read_table(str(written(tmp_path, "T.CSV", "name\nA\n"))).rows == [(1, {"name": "A"})]


def test_json_shapes(tmp_path):
    rows = [{"name": "A"}, {"name": "B", "more": 1}]
    assert read_table(written(tmp_path, "a.json", json.dumps(rows))).columns == ["name", "more"]
    wrapped = read_table(written(tmp_path, "b.json", json.dumps({"count": 2, "partners": rows})))
    assert wrapped.rows == [(1, rows[0]), (2, rows[1])]
    mixed = read_table(written(tmp_path, "c.json", json.dumps([rows[0], 3, None])))
    assert mixed.rows == [(1, rows[0])] and [number for number, _ in mixed.broken] == [2, 3]


@pytest.mark.parametrize("content", ["{", "[1,", '{"a": 1}', '{"a": [], "b": []}', "3", "[" * 100_000])
def test_json_that_is_no_table_is_refused(content, tmp_path):
    with pytest.raises(CatalogueError, match=r"t\.json (is not valid JSON|must hold an array)"):
        read_table(written(tmp_path, "t.json", content))


def test_jsonl_lines(tmp_path):
    table = read_table(written(tmp_path, "t.jsonl", '{"name": "A\\u2028B"}\r\n\r\n{"name": \n[]\n{"x": 1}'))
    assert table.rows == [(1, {"name": "A\u2028B"}), (5, {"x": 1})]
    assert sorted(number for number, _ in table.broken) == [3, 4]
    assert table.columns == ["name", "x"]


def test_parquet_types(tmp_path):
    path = tmp_path / "t.parquet"
    rows = [{"name": "A", "goals": ["x", "y"], "size": 1.5}, {"name": "B", "goals": None, "size": None}]
    pq.write_table(pa.Table.from_pylist(rows), path)
    assert read_table(path).rows == [(1, rows[0]), (2, rows[1])]


@pytest.mark.parametrize("keep", [1, 4, 100, -1, -8])
def test_a_truncated_parquet_file_is_refused(keep, tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"name": [f"partner {n}" for n in range(500)]}), path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CatalogueError, match=r"t\.parquet is not a whole Parquet file"):
        read_table(path)


def test_a_parquet_file_with_damaged_pages_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"name": [f"partner {n}" for n in range(5000)]}), path, compression="zstd")
    raw = bytearray(path.read_bytes())
    raw[40:400] = bytes(360)
    path.write_bytes(raw)
    with pytest.raises(CatalogueError, match="not a whole Parquet file"):
        read_table(path)


def test_excel(tmp_path):
    book = openpyxl.Workbook()
    for line in (["name", None, "size"], ["A", "x", 3], [None, None, None], ["B", None, None]):
        book.active.append(line)
    book.create_sheet("other").append(["ignored"])
    book.save(tmp_path / "t.xlsx")
    table = read_table(tmp_path / "t.xlsx")
    assert table.columns == ["name", "column 2", "size"]
    assert table.rows == [
        (1, {"name": "A", "column 2": "x", "size": 3}),
        (3, {"name": "B", "column 2": None, "size": None}),
    ]


@pytest.mark.parametrize("content", [b"no zip at all", b"PK\x03\x04 torn"])
def test_a_damaged_workbook_is_refused(content, tmp_path):
    with pytest.raises(CatalogueError, match="not a readable Excel workbook"):
        read_table(written(tmp_path, "t.xlsx", content))


def test_a_truncated_workbook_is_refused(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["name"])
    book.save(tmp_path / "t.xlsx")
    raw = (tmp_path / "t.xlsx").read_bytes()
    with pytest.raises(CatalogueError, match="not a readable Excel workbook"):
        read_table(written(tmp_path, "u.xlsx", raw[: len(raw) // 2]))


def test_pandas_cells_become_plain_values():
    frame = pd.DataFrame(
        {
            "name": pd.array(["A", None], dtype="string"),
            "n": pd.array([1, None], dtype="Int64"),
            "when": pd.to_datetime(["2024-01-02", None]),
            "x": [1.5, float("nan")],
            7: [["a"], None],
        }
    )
    table = read_table(frame)
    assert table.columns == ["name", "n", "when", "x", "7"]
    (_, first), (_, second) = table.rows
    assert (first["name"], first["n"], first["x"], first["7"]) == ("A", 1, 1.5, ["a"])
    assert set(second.values()) == {None}
