import csv
import json
import random

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.errors import CatalogueError, ColumnError
from matchmaker.profiles.catalogue import Catalogue, load_catalogue
from matchmaker.profiles.facets import build_facets
from matchmaker.profiles.schema import Interface, Partner, Relation
from matchmaker.profiles.table import ProfileTable

PLAIN = [
    {
        "id": "shop",
        "name": "Shop Ärger",
        "website": "https://www.shop.example.com",
        "description": "Sells, sends; returns.\nAnd more",
        "goals": ["more reach", "fewer returns, faster"],
        "categories": ["commerce"],
        "integrations": ["Mail Co"],
        "size": "1200",
        "as_of": "2024-05-01",
        "tier": "gold",
    },
    {
        "id": "mail",
        "name": "Mail Co",
        "website": "",
        "description": "",
        "goals": [],
        "categories": ["email", "marketing"],
        "integrations": [],
        "size": "",
        "as_of": "",
        "tier": "",
    },
    {
        "id": "ads",
        "name": "Ads 東京",
        "website": "ads.example.org",
        "description": 'Says "hello"',
        "goals": ["growth"],
        "categories": [],
        "integrations": ["shop", "nobody"],
        "size": "50",
        "as_of": "2023-01-01",
        "tier": "silver",
    },
]


def write(rows, kind, folder):
    """The same rows in one of the formats: lists where the format has lists, `;` text or JSON text where it has not."""
    path = folder / f"partners.{kind}"
    columns = list(rows[0])
    flat = [{c: json.dumps(v) if isinstance(v, list) and v else v or "" for c, v in row.items()} for row in rows]
    typed = [{c: None if v in ("", []) else float(v) if c == "size" else v for c, v in row.items()} for row in rows]
    if kind in ("csv", "tsv"):
        with path.open("w", encoding="utf-8-sig" if kind == "csv" else "utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, delimiter="\t" if kind == "tsv" else ",")
            writer.writeheader()
            writer.writerows(flat)
    elif kind == "json":
        path.write_text(json.dumps(rows), encoding="utf-8")
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in typed), encoding="utf-8")
    elif kind == "parquet":
        pq.write_table(pa.Table.from_pylist(typed), path)
    elif kind == "xlsx":
        book = openpyxl.Workbook()
        book.active.append(columns)
        for row in flat:
            size = float(row["size"]) if row["size"] else None
            book.active.append([size if c == "size" else row[c] or None for c in columns])
        book.save(path)
    else:
        return pd.DataFrame(typed)
    return path


def jsonl(folder, *rows, name="partners.jsonl"):
    path = folder / name
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8"
    )
    return path


def issue(catalogue, place=0):
    found = catalogue.report.issues[place]
    return found.severity, found.code, found.row, found.column


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return load_catalogue(write(PLAIN, "json", tmp_path_factory.mktemp("reference")))


def test_a_catalogue_read_by_hand(reference):
    assert [partner.id for partner in reference.partners] == ["ads", "mail", "shop"]
    ads, mail, shop = reference.partners
    assert shop.description == "Sells, sends; returns. And more"
    assert shop.goals == ("more reach", "fewer returns, faster")
    assert shop.domain == "https://www.shop.example.com"
    assert (shop.size, shop.size_band, shop.as_of.isoformat()) == (1200.0, "1k-10k", "2024-05-01")
    assert shop.extra == {"tier": "gold"} and mail.extra == {} and ads.extra == {"tier": "silver"}
    assert (mail.size, mail.size_band, mail.as_of, mail.domain) == (None, None, None, None)
    assert [(r.a, r.b, r.type, r.status, r.source) for r in reference.relations] == [
        ("ads", "shop", "integration", "active", "partners.integrations"),
        ("shop", "mail", "integration", "active", "partners.integrations"),
    ]
    assert reference.report.codes == {"note:unresolved_integration": 1}
    assert reference.report.issues[0].found == "nobody"
    assert reference.report.ok
    counts = reference.report.tables["partners"]
    assert (counts.read, counts.kept, counts.refused) == (3, 3, 0)


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet", "xlsx", "pandas"])
def test_every_format_gives_the_same_catalogue(kind, reference, tmp_path):
    catalogue = load_catalogue(write(PLAIN, kind, tmp_path))
    assert catalogue.partners == reference.partners
    assert catalogue.relations == reference.relations
    assert catalogue.fingerprint == reference.fingerprint
    assert catalogue.report.codes == reference.report.codes


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False))
def test_row_order_changes_nothing(tmp_path_factory, shuffler):
    folder = tmp_path_factory.mktemp("order")
    relations = [
        {"a": "shop", "b": "mail", "type": "competitor"},
        {"a": "ads", "b": "mail", "type": "partnership"},
        {"a": "mail", "b": "ads", "type": "partnership"},
    ]
    first = load_catalogue(jsonl(folder, *PLAIN), relations=jsonl(folder, *relations, name="r.jsonl"))
    rows, links = PLAIN[:], relations[:]
    shuffler.shuffle(rows)
    shuffler.shuffle(links)
    again = load_catalogue(jsonl(folder, *rows), relations=jsonl(folder, *links, name="r.jsonl"))
    assert (again.partners, again.relations, again.fingerprint) == (first.partners, first.relations, first.fingerprint)


@pytest.mark.parametrize(
    "change",
    [
        {"description": "other"},
        {"goals": ["other"]},
        {"size": "7"},
        {"id": "renamed"},
        {"categories": ["x"]},
        {"name": "other"},
    ],
)
def test_any_change_of_content_changes_the_fingerprint(change, reference, tmp_path):
    rows = [{**PLAIN[0], **change}, *PLAIN[1:]]
    assert load_catalogue(jsonl(tmp_path, *rows)).fingerprint != reference.fingerprint


def test_relations_count_in_the_fingerprint(reference, tmp_path):
    links = jsonl(tmp_path, {"a": "ads", "b": "mail", "type": "competitor"}, name="r.jsonl")
    assert load_catalogue(jsonl(tmp_path, *PLAIN), relations=links).fingerprint != reference.fingerprint


def test_a_missing_column_names_what_is_there(tmp_path):
    with pytest.raises(ColumnError, match=r"no column for 'name'.*Columns there: nmae, text"):
        load_catalogue(jsonl(tmp_path, {"nmae": "x", "text": "y"}))


def test_one_partner_is_a_catalogue(tmp_path):
    catalogue = load_catalogue(jsonl(tmp_path, {"name": "Only One, Inc."}))
    assert [(p.id, p.name) for p in catalogue.partners] == [("only-one-inc", "Only One, Inc.")]
    assert catalogue.relations == () and catalogue.accounts is None and catalogue.report.ok


def test_no_partner_kept_is_an_error_that_says_why(tmp_path):
    with pytest.raises(CatalogueError, match=r"No partner could be read.*2 read, 0 kept, 2 refused.*missing_name: 2"):
        load_catalogue(jsonl(tmp_path, {"name": ""}, {"name": "?!"}))


def test_a_header_without_rows_is_an_error(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("id,name\n")
    with pytest.raises(CatalogueError, match=r"No partner could be read.*0 read"):
        load_catalogue(path)


def test_duplicate_ids_keep_the_first_and_report_the_rest(tmp_path):
    catalogue = load_catalogue(
        jsonl(tmp_path, {"id": "a", "name": "First"}, {"id": "a", "name": "Second"}, {"name": "A"})
    )
    assert [partner.name for partner in catalogue.partners] == ["First"]
    assert issue(catalogue) == ("refused", "duplicate_id", 2, "id")
    assert issue(catalogue, 1) == ("refused", "duplicate_id", 3, "id")
    counts = catalogue.report.tables["partners"]
    assert (counts.read, counts.kept, counts.refused) == (3, 1, 2) and not catalogue.report.ok


def test_ids_are_unique_over_several_sources(tmp_path):
    one = jsonl(tmp_path, {"id": "a", "name": "A"}, name="one.jsonl")
    two = jsonl(tmp_path, {"id": "a", "name": "Other"}, {"id": "b", "name": "B"}, name="two.jsonl")
    catalogue = load_catalogue([one, two])
    assert [(p.id, p.name) for p in catalogue.partners] == [("a", "A"), ("b", "B")]
    assert catalogue.report.issues[0].file == "two.jsonl"


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ({"description": "x" * 10_000_000}, "cell_too_long", "description"),
        ({"goals": "x;" * 5_000_000}, "cell_too_long", "goals"),
        ({"goals": [str(n) for n in range(2_001)]}, "list_too_long", "goals"),
        ({"id": "x" * 201}, "cell_too_long", "id"),
        ({"name": "x" * 501}, "cell_too_long", "name"),
        ({"description": {"a": 1}}, "wrong_kind", "description"),
        ({"size": "many"}, "invalid_size", "size"),
        ({"size": -1}, "invalid_size", "size"),
        ({"size": "Infinity"}, "invalid_size", "size"),
        ({"size": "NaN"}, "invalid_size", "size"),
        ({"as_of": "2024-02-30"}, "invalid_date", "as_of"),
        ({"as_of": "soon"}, "invalid_date", "as_of"),
        ({"interface": "{"}, "invalid_interface", "interface"),
        ({"interface": {"nonsense": 1}}, "invalid_interface", "interface"),
    ],
)
def test_a_bad_cell_refuses_its_row_only(cells, code, column, tmp_path):
    catalogue = load_catalogue(jsonl(tmp_path, {"id": "bad", "name": "Bad", **cells}, {"id": "good", "name": "Good"}))
    assert [partner.id for partner in catalogue.partners] == ["good"]
    assert issue(catalogue) == ("refused", code, 1, column)
    assert len(catalogue.report.issues[0].found) <= 80
    assert catalogue.report.issues[0].expected


def test_the_longest_cell_that_is_allowed_is_kept(tmp_path):
    catalogue = load_catalogue(jsonl(tmp_path, {"name": "A", "description": "x" * 200_000}))
    assert len(catalogue.partners[0].description) == 200_000


def test_nan_is_a_blank_everywhere(tmp_path):
    frame = pd.DataFrame(
        {
            "name": ["A", float("nan"), "C"],
            "id": ["a", "b", None],
            "size": [float("nan"), 10, 20],
            "as_of": [pd.NaT, pd.Timestamp("2024-03-01"), pd.NaT],
            "description": [float("nan"), "text", None],
            "note": [float("nan"), "kept", None],
        }
    )
    catalogue = load_catalogue(frame)
    assert [(p.id, p.name, p.size, p.description, p.extra) for p in catalogue.partners] == [
        ("a", "A", None, "", {}),
        ("b", "b", 10.0, "text", {"note": "kept"}),
        ("c", "C", 20.0, "", {}),
    ]
    assert catalogue.partners[1].as_of.isoformat() == "2024-03-01"
    assert load_catalogue(jsonl(tmp_path, '{"name": "A", "size": NaN, "note": NaN}')).partners[0].extra == {}


def test_an_infinite_extra_is_left_out_with_a_note(tmp_path):
    catalogue = load_catalogue(jsonl(tmp_path, '{"name": "A", "note": Infinity, "deep": {"a": 1}, "ok": 1.5}'))
    assert catalogue.partners[0].extra == {"ok": 1.5}
    assert catalogue.report.codes == {"note:extra_left_out": 2} and catalogue.report.ok


def test_long_extras_are_left_out(tmp_path):
    row = {"name": "A", "long": "x" * 2_001, "fits": "x" * 2_000, "many": ["a"] * 51, "some": ["a"] * 50}
    catalogue = load_catalogue(jsonl(tmp_path, row))
    assert sorted(catalogue.partners[0].extra) == ["fits", "some"]


def test_a_malformed_line_is_refused_with_its_number(tmp_path):
    catalogue = load_catalogue(
        jsonl(tmp_path, {"name": "A"}, '{"name": "B"', "", "[1, 2]", '"text"', {"name": "C"}, "null")
    )
    assert [partner.id for partner in catalogue.partners] == ["a", "c"]
    refused = {found.row for found in catalogue.report.issues if found.code == "unreadable_row"}
    assert refused == {2, 4, 5, 7}
    counts = catalogue.report.tables["partners"]
    assert (counts.read, counts.kept, counts.refused) == (6, 2, 4)


def test_a_csv_row_with_too_many_or_too_few_cells_is_refused(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("id,name,size\na,A,1\nb,B\n\nc,C,1,2\nd,D,2\n")
    catalogue = load_catalogue(path)
    assert [partner.id for partner in catalogue.partners] == ["a", "d"]
    assert [(found.row, found.expected) for found in catalogue.report.issues] == [
        (2, "3 cells, found 2"),
        (4, "3 cells, found 4"),
    ]


def test_bad_relations_are_refused_each_with_its_reason(tmp_path):
    good = {"a": "x", "b": "y", "type": "Partnership", "directed": "yes", "weight": "2", "started_on": "2024"}
    bad = [
        ({"a": "ghost"}, "unknown_partner", "a"),
        ({"b": "ghost"}, "unknown_partner", "b"),
        ({"b": ""}, "unknown_partner", "b"),
        ({"b": "x"}, "same_partner", "b"),
        ({"type": "friend"}, "unknown_type", "type"),
        ({"type": ""}, "unknown_type", "type"),
        ({"status": "maybe"}, "unknown_status", "status"),
        ({"directed": "perhaps"}, "not_a_boolean", "directed"),
        ({"weight": -1}, "not_a_number", "weight"),
        ({"weight": "heavy"}, "not_a_number", "weight"),
        ({"ended_on": "never"}, "invalid_date", "ended_on"),
    ]
    partners = jsonl(tmp_path, {"id": "x", "name": "X"}, {"id": "y", "name": "Y"})
    links = jsonl(tmp_path, *({**good, **change} for change, _, _ in bad), good, good, name="r.jsonl")
    catalogue = load_catalogue(partners, relations=links)
    assert [issue(catalogue, place) for place in range(len(bad))] == [
        ("refused", code, row, column) for row, (_, code, column) in enumerate(bad, start=1)
    ]
    (kept,) = catalogue.relations
    assert (kept.a, kept.b, kept.type, kept.directed, kept.weight) == ("x", "y", "partnership", True, 2.0)
    assert kept.started_on.isoformat() == "2024-01-01"
    counts = catalogue.report.tables["relations"]
    assert (counts.read, counts.kept, counts.refused) == (13, 2, 11)


def test_demand_is_counted_for_a_partner_or_a_capability(tmp_path):
    good = {"partner": "x", "b": "y", "requests": "12", "source": "lost deals", "date": "2026-03"}
    bad = [
        ({"partner": "ghost"}, "unknown_partner", "a"),
        ({"b": "ghost"}, "unknown_partner", "b"),
        ({"b": "x"}, "same_partner", "b"),
        ({"b": ""}, "nothing_wanted", "b"),
        ({"requests": "many"}, "not_a_number", "count"),
        ({"requests": -1}, "not_a_number", "count"),
        ({"requests": ""}, "not_a_number", "count"),
        ({"date": "soon"}, "invalid_date", "date"),
    ]
    partners = jsonl(tmp_path, {"id": "x", "name": "X"}, {"id": "y", "name": "Y"})
    other = {"partner": "y", "capability": "returns", "requests": 3}
    table = jsonl(tmp_path, *({**good, **change} for change, _, _ in bad), other, good, name="d.jsonl")
    catalogue = load_catalogue(partners, demand=table)
    found = [issue(catalogue, place) for place in range(len(bad))]
    assert [(severity, code, row) for severity, code, row, _ in found] == [
        ("refused", code, row) for row, (_, code, _) in enumerate(bad, start=1)
    ]
    told = [one.model_dump(mode="json", exclude_none=True) for one in catalogue.demand]
    assert told == [
        {"a": "x", "b": "y", "count": 12.0, "date": "2026-03-01", "source": "lost deals"},
        {"a": "y", "capability": "returns", "count": 3.0},
    ]
    counts = catalogue.report.tables["demand"]
    assert (counts.read, counts.kept, counts.refused) == (10, 2, 8)
    assert catalogue.fingerprint != load_catalogue(partners).fingerprint


def test_relations_need_their_columns(tmp_path):
    with pytest.raises(ColumnError, match=r"r\.jsonl has no column for 'type', which relations need"):
        load_catalogue(jsonl(tmp_path, {"name": "A"}), relations=jsonl(tmp_path, {"a": "a", "b": "b"}, name="r.jsonl"))


def test_an_integration_is_linked_once_by_id_or_name_and_never_to_itself(tmp_path):
    rows = [
        {"id": "a", "name": "Alpha", "integrations": ["BETA", "b", "a", "Alpha"]},
        {"id": "b", "name": "Beta", "integrations": ["alpha"]},
    ]
    catalogue = load_catalogue(jsonl(tmp_path, *rows))
    assert [(relation.a, relation.b) for relation in catalogue.relations] == [("a", "b")]
    links = jsonl(tmp_path, {"a": "b", "b": "a", "type": "integration"}, name="r.jsonl")
    stated = load_catalogue(jsonl(tmp_path, *rows), relations=links)
    assert [(relation.a, relation.b, relation.source) for relation in stated.relations] == [("b", "a", None)]


def test_a_given_mapping_wins_and_joins(tmp_path):
    path = jsonl(
        tmp_path, {"Firma": "A", "name": "wrong", "x": "One.", "y": "two", "p": "a;b", "q": ["b", "c"], "left": "z"}
    )
    mapping = {"partners": {"name": "Firma", "description": ["x", "y"], "capabilities": ["p", "q"]}}
    catalogue = load_catalogue(path, mapping=mapping)
    (partner,) = catalogue.partners
    assert (partner.name, partner.description) == ("A", "One. two")
    assert partner.capabilities == ("a", "b", "c")
    assert partner.extra == {"name": "wrong", "left": "z"}
    assert catalogue.mappings["partners"].sources["name"] == ("Firma",)


def test_the_size_wins_over_a_stated_band(tmp_path):
    rows = [
        {"name": "A", "size": "50", "size_band": "1m+"},
        {"name": "B", "size_band": "1k-10k"},
        {"name": "C", "size": "100 – 1k"},
        {"name": "D", "size": 0},
    ]
    partners = load_catalogue(jsonl(tmp_path, *rows)).partners
    assert [partner.size_band for partner in partners] == ["1-100", "1k-10k", "100-1k", None]
    assert partners[1].size == pytest.approx(10**3.5)
    assert partners[3].size is None


def test_a_catalogue_made_in_code():
    partners = [Partner(id="b", name="B", integrations=("A",)), Partner(id="a", name="A")]
    relations = [Relation(a="a", b="b", type="competitor"), Relation(a="a", b="ghost", type="competitor")]
    catalogue = Catalogue.from_partners(partners, relations)
    assert [partner.id for partner in catalogue.partners] == ["a", "b"]
    assert [(r.a, r.b, r.type) for r in catalogue.relations] == [("a", "b", "competitor"), ("b", "a", "integration")]
    with pytest.raises(CatalogueError, match="empty"):
        Catalogue.from_partners([])
    with pytest.raises(CatalogueError, match="same id"):
        Catalogue.from_partners([partners[0], partners[0]])


def test_the_report_keeps_ten_thousand_issues_and_counts_all(tmp_path):
    path = jsonl(tmp_path, {"name": "A"}, *["no json"] * 10_050)
    report = load_catalogue(path).report
    assert len(report.issues) == 10_000
    assert report.codes["refused:unreadable_row"] == 10_050
    assert report.to_dict()["issues_left_out"] == 50
    assert next(iter(report.summary())) == "partners: 10051 read, 1 kept, 10050 refused"
    report.to_csv(tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == 10_000 and lines[0]["code"] == "unreadable_row" and lines[0]["row"] == "2"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["partners.jsonl", "report.csv"]


def test_partners_survive_the_profile_table(reference, tmp_path):
    facets = [build_facets(partner) for partner in reference.partners]
    table = ProfileTable.build(reference.partners, facets, [list(f.goals) for f in facets], [False] * 3)
    table.write(tmp_path / "p.parquet")
    assert tuple(ProfileTable(tmp_path / "p.parquet").partners()) == reference.partners
    assert ProfileTable(tmp_path / "p.parquet").names == ["Ads 東京", "Mail Co", "Shop Ärger"]
    assert [row["id"] for row in table.shown([2, 0])] == ["shop", "ads"]


cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(),
    st.text(max_size=30),
    st.lists(st.one_of(st.none(), st.text(max_size=8), st.integers(-9, 9)), max_size=4),
    st.dictionaries(st.text(max_size=5), st.integers(0, 9), max_size=2),
)
FIELDS = ("id", "description", "goals", "size", "size_band", "as_of", "interface", "integrations", "domain", "other")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), cells, max_size=5), max_size=6), st.integers(0, 10**6))
def test_no_cell_is_fatal(tmp_path_factory, rows, seed):
    rows = [{"name": f"p{number}", **row} for number, row in enumerate(rows)] + [{"id": "sure", "name": "Sure"}]
    random.Random(seed).shuffle(rows)
    folder = tmp_path_factory.mktemp("any")
    catalogue = load_catalogue(jsonl(folder, *rows))
    counts = catalogue.report.tables["partners"]
    assert counts.read == len(rows) == counts.kept + counts.refused
    assert counts.kept == len(catalogue.partners) >= 1
    assert counts.refused == sum(n for code, n in catalogue.report.codes.items() if code.startswith("refused:"))
    ids = [partner.id for partner in catalogue.partners]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize(
    "row",
    [
        '{"name": "B", "description": ' + "[" * 700 + '"x"' + "]" * 700 + "}",
        json.dumps({"name": "B", "goals": "[" * 100_000}),
        json.dumps({"name": "B", "interface": "[" * 100_000}),
    ],
    ids=["list", "labels", "interface"],
)
def test_a_deeply_nested_cell_is_no_crash(row, tmp_path):
    assert "a" in {partner.id for partner in load_catalogue(jsonl(tmp_path, {"name": "A"}, row)).partners}


def test_a_huge_integer_is_refused(tmp_path):
    catalogue = load_catalogue(jsonl(tmp_path, {"name": "A"}, {"name": "B", "size": 10**400}))
    assert issue(catalogue) == ("refused", "invalid_size", 2, "size")


@pytest.mark.parametrize("value", [10**30, ["\ud800"]], ids=["integer", "surrogate"])
def test_every_extra_that_is_kept_can_be_stored(value, tmp_path):
    partners = load_catalogue(jsonl(tmp_path, {"name": "A", "other": value})).partners
    assert ProfileTable.build(partners, [build_facets(partners[0])], [[]], [False]).partner(0).id == "a"


def test_extra_numbers_are_equal_in_every_format(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("name,score\nA,1200\n")
    assert load_catalogue(path).partners == load_catalogue(jsonl(tmp_path, {"name": "A", "score": 1200})).partners


def test_an_interface_can_come_in_parts(tmp_path):
    row = {"name": "A", "auth_types": ["oauth2"], "nouns": ["order", "order"], "interface": {"objects": ["return"]}}
    mapping = {"partners": {"interface.objects": "nouns"}}
    (partner,) = load_catalogue(jsonl(tmp_path, row), mapping=mapping).partners
    assert partner.interface == Interface(auth=("oauth2",), objects=("return", "order"))
