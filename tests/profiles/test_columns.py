import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.errors import ColumnError, SettingsError
from matchmaker.profiles.columns import FIELDS, map_columns, parse_map_args, read_map_toml


@pytest.mark.parametrize(
    ("columns", "field", "sources"),
    [
        (["Company Name"], "name", ("Company Name",)),
        (["company", "name"], "name", ("name",)),
        (["name", "Web-Site"], "domain", ("Web-Site",)),
        (["name", "Who we serve"], "audience", ("Who we serve",)),
        (["name", "about", "tagline"], "description", ("about", "tagline")),
        (["name", "tagline"], "description", ("tagline",)),
        (["name", "reviews_count", "customers"], "size", ("customers",)),
        (["name", "month"], "as_of", ("month",)),
        (["id", "vendor"], "id", ("id",)),
    ],
)
def test_known_names_are_guessed(columns, field, sources):
    assert map_columns(columns, "partners").sources[field] == sources


def test_a_column_feeds_one_guessed_field():
    mapping = map_columns(["from", "to", "kind", "date"], "relations")
    assert mapping.sources == {"a": ("from",), "b": ("to",), "type": ("kind",)}
    assert mapping.used() == {"from", "to", "kind"}


def test_given_wins_and_is_shown_as_given():
    mapping = map_columns(["name", "title", "about"], "partners", {"name": "title", "audience": ["about", "name"]})
    assert mapping.describe() == [
        ("name", "title", "given"),
        ("audience", "about, name", "given"),
    ]


def test_a_given_column_may_feed_several_fields():
    mapping = map_columns(["name", "text"], "partners", {"goals": "text", "audience": "text"})
    assert (mapping.sources["goals"], mapping.sources["audience"]) == (("text",), ("text",))
    assert "description" not in mapping.sources


@pytest.mark.parametrize(("table", "columns", "missing"), [
    ("partners", ["text"], "name"),
    ("relations", ["a", "b"], "type"),
    ("relations", ["a", "type"], "b"),
    ("accounts", ["partner"], "account"),
    ("accounts", ["account"], "partner"),
])  # fmt: skip
def test_a_missing_column_is_named(table, columns, missing):
    with pytest.raises(ColumnError, match=rf"^f\.csv has no column for '{missing}', which {table} need\."):
        map_columns(columns, table, file="f.csv")


def test_an_id_stands_for_a_name():
    assert map_columns(["id"], "partners").sources == {"id": ("id",)}


def test_a_near_name_is_suggested():
    with pytest.raises(ColumnError, match=r"Did you mean 'Partnr nam'\?"):
        map_columns(["Partnr nam"], "partners", {"name": "Partner name"})


def test_unknown_fields_and_columns_are_refused():
    with pytest.raises(SettingsError, match="'colour' is no field of partners"):
        map_columns(["name"], "partners", {"colour": "name"})
    with pytest.raises(ColumnError, match=r"no column 'Name' \(mapped to name\)"):
        map_columns(["name"], "partners", {"name": "Name"})


def test_map_arguments():
    assert parse_map_args(["name=Firma", "goals = Aim, Wish ", "x=a=b"]) == {
        "name": ("Firma",),
        "goals": ("Aim", "Wish"),
        "x": ("a=b",),
    }
    for wrong in ("name", "=x", "name=", "name= , "):
        with pytest.raises(SettingsError, match="A mapping is written"):
            parse_map_args([wrong])


def test_map_file(tmp_path):
    path = tmp_path / "map.toml"
    path.write_text('[partners]\nname = "Firma"\ngoals = ["a", "b"]\n[accounts]\naccount = "Kunde"\n', encoding="utf-8")
    assert read_map_toml(path) == {
        "partners": {"name": ("Firma",), "goals": ("a", "b")},
        "accounts": {"account": ("Kunde",)},
    }


@pytest.mark.parametrize("content", [b"[partners", b"[people]\nname = 'x'", b"\xff"])
def test_a_bad_map_file_is_refused(content, tmp_path):
    path = tmp_path / "map.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"map\.toml"):
        read_map_toml(path)


def test_a_missing_map_file_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        read_map_toml(tmp_path / "none.toml")


@given(
    st.lists(st.sampled_from([*FIELDS["partners"], "company", "about", "tagline", "tags", "url", "x y"]), unique=True)
)
def test_guesses_use_each_column_once_and_only_columns_that_are_there(columns):
    if not {"name", "id", "company"} & set(columns):
        with pytest.raises(ColumnError):
            map_columns(columns, "partners")
        return
    mapping = map_columns(columns, "partners")
    used = [column for sources in mapping.sources.values() for column in sources]
    assert len(used) == len(set(used)) and set(used) <= set(columns)
    assert all(mapping.sources[column] == (column,) for column in columns if column in FIELDS["partners"][:4])


def test_an_accounts_file_without_a_header_tells_no_account():
    with pytest.raises(ColumnError, match="header line missing") as raised:
        map_columns(["shipbob", "secret-customer.example"], "accounts", file="a.csv")
    assert "secret-customer" not in str(raised.value)
