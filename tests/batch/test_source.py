import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from matchmaker.batch.source import Source
from matchmaker.errors import CatalogueError, ColumnError
from tests.batch.tables import write

ROWS = [{"a": f"p{one:03d}", "b": f"p{one + 1:03d}", "note": "x"} for one in range(23)]


def told(blocks):
    return [row for block in blocks for row in block.to_pylist()]


@pytest.mark.parametrize("kind", [".parquet", ".csv", ".jsonl"])
@pytest.mark.parametrize("size", [1, 5, 23, 100])
def test_every_kind_comes_in_blocks_of_one_size(tmp_path, kind, size):
    source = Source(write(tmp_path / f"pairs{kind}", ROWS))
    blocks = list(source.blocks(["a", "b"], size))
    assert told(blocks) == [{"a": row["a"], "b": row["b"]} for row in ROWS]
    assert {block.num_rows for block in blocks[:-1]} <= {size}
    assert source.digest()[1] in (23, 24)


def test_columns_are_found_in_any_case_and_named_when_they_are_not_there(tmp_path):
    source = Source(write(tmp_path / "pairs.csv", [{" A ": "x", "Partner": "y"}]))
    assert source.named("a") == " A "
    assert source.named("id", "partner") == "Partner"
    with pytest.raises(ColumnError, match=r"pairs\.csv has no column b or c; it has  A , Partner"):
        source.named("b", "c")


def test_a_short_row_and_a_broken_line_lack_values_and_are_not_lost(tmp_path):
    (tmp_path / "pairs.csv").write_text("a;b\nx;y\n\nx\n;y\n")
    assert told(Source(tmp_path / "pairs.csv").blocks(["a", "b"], 10)) == [
        {"a": "x", "b": "y"}, {"a": "x", "b": None}, {"a": None, "b": "y"},
    ]  # fmt: skip
    (tmp_path / "pairs.jsonl").write_text('{"a": "x", "b": 7}\nnonsense\n\n[1]\n{"a": null, "b": ""}\n')
    assert told(Source(tmp_path / "pairs.jsonl").blocks(["a", "b"], 10)) == [
        {"a": "x", "b": "7"}, *[{"a": None, "b": None}] * 3,
    ]  # fmt: skip


def test_a_byte_order_mark_a_quoted_newline_and_a_tab_are_read(tmp_path):
    (tmp_path / "pairs.csv").write_bytes(b'\xef\xbb\xbfa,b\n"x\ny","z,w"\n')
    assert told(Source(tmp_path / "pairs.csv").blocks(["a", "b"], 10)) == [{"a": "x\ny", "b": "z,w"}]
    (tmp_path / "pairs.tsv").write_text("a\tb\nx,y\tz\n")
    assert told(Source(tmp_path / "pairs.tsv").blocks(["b", "a"], 10)) == [{"b": "z", "a": "x,y"}]


def test_numbers_and_empty_cells_of_parquet_become_text_and_null(tmp_path):
    pq.write_table(pa.table({"a": [1, None], "b": ["", "x"]}), tmp_path / "pairs.parquet")
    assert told(Source(tmp_path / "pairs.parquet").blocks(["a", "b"], 10)) == [
        {"a": "1", "b": None}, {"a": None, "b": "x"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("pairs.xlsx", b"x", "no known kind"),
        ("pairs.csv", b"", "is empty"),
        ("pairs.csv", b"a,b\n\xff\xfe,x\n", "cannot be read"),
        ("pairs.csv", b'a,b\n"x,y\n', "cannot be read"),
        ("pairs.parquet", b"PAR1 but not really", "not readable as Parquet"),
    ],
)
def test_a_file_that_is_unusable_as_a_whole_is_refused(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CatalogueError, match=said):
        list(Source(tmp_path / name).blocks(["a", "b"], 10))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(CatalogueError, match="is not a file"):
        Source(tmp_path / "pairs.csv")
