"""What README and docs say is what the code does: commands, options, errors, codes, fields, settings, examples."""

import ast
import inspect
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import typing
from pathlib import Path

import pandas as pd
import pytest
import typer
from pydantic import BaseModel
from typer.testing import CliRunner

import matchmaker.errors
from matchmaker import Config, GoallessWeights, Matchmaker, MatchmakerError, PriorWeights, load_catalogue
from matchmaker.cli.app import app
from matchmaker.profiles import accounts, catalogue, columns, parsing, schema
from matchmaker.profiles.report import Severity
from matchmaker.retrieval import filters
from tests.conftest import ROOT, SAMPLE, WordEncoder

PAGES = {path.relative_to(ROOT).as_posix(): path.read_text() for path in [
    ROOT / "README.md", ROOT / "CONTRIBUTING.md", SAMPLE / "CARD.md", *sorted((ROOT / "docs").glob("*.md"))
]}  # fmt: skip
SOURCES = {path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted((ROOT / "src").rglob("*.py"))}
COMMANDS = typer.main.get_command(app).commands
LEAVES = {
    f"{name} {inner}".strip(): command
    for name, group in COMMANDS.items()
    for inner, command in getattr(group, "commands", {"": group}).items()
}
"""Commands by all their words, those of groups one by one."""
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
run = CliRunner().invoke


def page(name):
    return PAGES[f"docs/{name}.md"]


def section(text, heading):
    """What stands below a second-order heading."""
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def table(text):
    """The body of the first table of a text: cells, row by row."""
    lines = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)[0].splitlines()
    assert set(lines[1]) <= set("|-"), lines[:2]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def code(text):
    """Everything between single backticks."""
    return re.findall(r"`([^`\n]+)`", text)


# Commands and options


def options(command):
    return {name for one in command.params for name in (*one.opts, *one.secondary_opts) if name.startswith("-")}


def test_every_command_stands_in_the_table_of_commands_and_no_other():
    told = [
        name for row in table(page("cli")) for name in LEAVES if f"{code(row[0])[0]} ".startswith(f"matchmaker {name} ")
    ]
    assert sorted(told) == sorted(LEAVES)
    assert len(table(page("cli"))) == len(LEAVES)


def test_every_variable_of_the_environment_is_documented_and_no_other():
    of_options = {one.envvar for command in LEAVES.values() for one in command.params if one.envvar}
    of_sources = {name for text in SOURCES.values() for name in re.findall(r"\bMATCHMAKER_[A-Z_]+\b", text)}
    assert "MATCHMAKER_MODEL" in of_options
    described = table(page("cli")[page("cli").index("| variable |") :])
    assert {code(row[0])[0] for row in described} == of_options | of_sources | {"NO_COLOR"}


@pytest.mark.parametrize("name", LEAVES)
def test_help_tells_every_option(name):
    shown = run(app, [*name.split(), "--help"])
    assert shown.exit_code == 0
    command = LEAVES[name]
    assert ("--json" in options(command)) == (name != "serve")
    for one in command.params:
        assert one.help, (name, one.name)
        for option in (*one.opts, *one.secondary_opts):
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", shown.stdout), option
        if one.envvar:
            assert one.envvar in shown.stdout
    assert " ".join(command.help.split()) in " ".join(shown.stdout.split())


def test_help_of_all_names_every_command():
    shown = run(app, ["--help"])
    assert shown.exit_code == 0
    assert all(re.search(rf"^  {name} ", shown.stdout, re.MULTILINE) for name in COMMANDS)


# Errors


def errors():
    found, left = [], [MatchmakerError]
    while left:
        found.append(left.pop())
        left.extend(found[-1].__subclasses__())
    return found


def test_every_error_code_is_documented_with_its_exit_status_and_no_other():
    assert {code(row[0])[0]: int(row[1]) for row in table(page("errors"))} == {
        error.code: error.exit_code for error in errors()
    }
    assert all(
        len(row) == 4 and all(row) for row in table(page("errors"))[:-2]
    )  # internal ones need no remedy but a report


def test_every_error_has_a_code_of_its_own_and_stands_in_errors_py_and_its_drawing():
    assert len({error.code for error in errors()}) == len(errors())
    drawn = re.findall(r"\b\w+Error\b", matchmaker.errors.__doc__)
    assert sorted(drawn) == sorted(error.__name__ for error in errors())


def test_every_exit_status_is_documented_wherever_they_are_listed():
    stated = {error.exit_code for error in errors()} | {0, 5, 130, 141}
    assert stated == {0, 1, 2, 3, 4, 5, 130, 141}
    for text in (page("cli"), matchmaker.cli.app.main.__doc__):
        told = text.partition("Exit status: ")[2].partition(".")[0]
        assert {int(number) for number in re.findall(r"\b\d+\b", told)} == stated, told
    assert all(re.search(rf"\b{status}\b", page("errors")) for status in stated)


# Data


def refusals(text):
    """Severity by code of every finding that a source file can report."""
    tree = ast.parse(text)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    words = [
        call.args[2].value for call in calls if getattr(call.func, "id", "") == "_word" and len(call.args) == 4
    ]  # fmt: skip
    for call in calls:
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        given = [arg.value if isinstance(arg, ast.Constant) else arg for arg in call.args]
        if name == "CellError" and isinstance(given[0], ast.JoinedStr):
            prefix = given[0].values[0].value
            yield from ((prefix + word, "refused") for word in words)
        elif name == "CellError":
            yield given[0], "refused"
        elif name == "_refuse" and isinstance(given[3], str):
            yield given[3], "refused"
        elif name == "add" and len(given) > 1 and given[0] in typing.get_args(Severity) and isinstance(given[1], str):
            yield given[1], given[0]


def test_every_validation_code_is_documented_with_its_severity_and_no_other():
    found = dict(
        pair for name, text in SOURCES.items() if name.startswith("src/matchmaker/profiles/") for pair in refusals(text)
    )
    assert {"duplicate_id", "cell_too_long", "unknown_status", "repeated_account", "unreadable_row"} <= set(found)
    rows = table(section(page("data-formats"), "Validation report"))
    assert {name: severity for names, severity, _ in rows for name in code(names)} == found


DATA_SECTIONS = {
    schema.Partner: "partners",
    schema.Interface: "partners",
    schema.Relation: "relations",
    schema.Demand: "demand",
    schema.Activity: "activity, feedback, snapshots",
    schema.Feedback: "activity, feedback, snapshots",
}


@pytest.mark.parametrize("model", DATA_SECTIONS)
def test_every_field_of_the_data_contract_is_documented(model):
    told = code(section(page("data-formats"), DATA_SECTIONS[model]))
    for name, field in model.model_fields.items():
        assert (field.alias or name) in told, name


def test_the_data_contract_has_no_other_models():
    models = {
        one for _, one in inspect.getmembers(schema, inspect.isclass)
        if issubclass(one, BaseModel) and one.__module__ == schema.__name__ and not one.__name__.startswith("_")
    }  # fmt: skip
    assert models == {*DATA_SECTIONS, schema.Snapshot}
    assert set(schema.Snapshot.model_fields) == set(schema.Partner.model_fields)


@pytest.mark.parametrize("name", columns.FIELDS)
def test_every_column_that_is_read_is_documented(name):
    told = code(section(page("data-formats"), name))
    assert [field for field in columns.FIELDS[name] if field not in told] == []
    required = columns.REQUIRED[name]
    if name != "partners":
        assert set(re.findall(r"`(\w+)`\\\*", section(page("data-formats"), name))) == set(required)


def test_words_and_limits_of_the_data_are_documented():
    text = page("data-formats")
    for words in (schema.RELATION_TYPES, schema.RELATION_STATUSES, schema.SIZE_BANDS, accounts.POPULATIONS):
        assert [word for word in words if word not in text] == []
    for limit in (
        parsing.MAX_CELL,
        parsing.MAX_LIST,
        catalogue._EXTRA_TEXT,
        catalogue._EXTRA_LIST,
        accounts.MINIMUM_KEY,
    ):
        assert re.search(rf"(?<!\d){limit:,}(?!\d)", text), limit
    assert accounts.KEY_VARIABLE in text


def test_every_filter_field_is_documented_and_no_other():
    assert {name for row in table(page("filters")) for name in code(row[0])} == set(filters.FIELDS)


# Settings


def test_every_setting_is_documented_with_its_default_and_no_other():
    rows = {code(row[0])[0]: row for row in table(page("settings"))}
    assert set(rows) == set(Config.model_fields)
    plain = {name: value for name, value in Config().model_dump().items() if not isinstance(value, dict)}
    assert {name: code(rows[name][1])[0] for name in plain} == {name: str(value) for name, value in plain.items()}
    for name, field in Config.model_fields.items():
        limits = [limit for rule in field.metadata for limit in (getattr(rule, "ge", None), getattr(rule, "le", None))]
        assert [limit for limit in limits if limit is not None and f"{limit:,}" not in rows[name][2]] == [], name


def test_every_weight_is_documented_with_its_defaults_and_no_other():
    rows = table(section(page("settings"), "Weights"))
    stated = {code(name)[0]: (float(known), float(none)) for name, known, none in rows}
    assert stated == {
        name: (getattr(PriorWeights(), name), getattr(GoallessWeights(), name)) for name in PriorWeights.model_fields
    }


def test_every_encoder_that_the_package_registers_is_documented():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    registered = project["entry-points"]["matchmaker.encoders"]
    assert set(registered) == {"minilm", "static"}
    told = [name for row in table(page("encoders")) for name in code(row[0])]
    assert [name for name in registered if name not in told] == []


# Links


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_files(name):
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", PAGES[name]) if "://" not in link]
    missing = [link for link in links if not ((ROOT / name).parent / link.partition("#")[0]).exists()]
    assert missing == []
    if name == "README.md":
        assert len(links) > 8


def test_files_that_are_named_exist():
    homes = (ROOT, ROOT / "src" / "matchmaker")
    missing = {
        (name, path)
        for name, text in {**PAGES, **SOURCES}.items()
        for path in re.findall(r"(?<![\w/<.-])(?:[a-z_]+/)+[\w-]+\.(?:md|py)\b", text)
        if not any((home / path).exists() for home in homes)
    }
    assert missing == set()


# Examples


def shell(text):
    """Lines of code blocks that run `matchmaker`: (variables before it, its words)."""
    blocks = [body for kind, body in FENCED.findall(text) if kind in ("", "bash", "sh")]
    blocks += re.findall(r"(?:^    .*\n?)+", FENCED.sub("", text), re.MULTILINE)
    for line in "\n".join(blocks).replace("\\\n", " ").splitlines():
        if found := re.fullmatch(r"\s*(?:\$ )?((?:[A-Z_]+=\S+ )*)matchmaker (.*)", line):
            yield dict(word.split("=", 1) for word in found[1].split()), shlex.split(found[2], comments=True)


def mentioned(text):
    """`matchmaker …` in running text and in tables, as words; brackets and dots are the reader's."""
    for said in code(FENCED.sub("", text)):
        words = re.sub(r"[\[\]…|]", " ", said).split()
        if words[:1] == ["matchmaker"] and len(words) > 1:
            yield words[1:]


def is_example(words):
    """Whether a line can be run as it stands: it holds no word that the reader has to replace."""
    return not any(re.search(r"\b[A-Z]{3,}\b|…", word) for word in words)


ELSEWHERE = ("docs/http.md",)
"""Pages whose examples run against a service: tests/docs/test_http.py."""
LINES = [(name, *line) for name, text in PAGES.items() if name not in ELSEWHERE for line in shell(text)]
SAID = [(name, words) for name, text in PAGES.items() for words in mentioned(text)]


def check(words):
    if words[0] == "COMMAND":
        return
    command = LEAVES[" ".join(words[:2])] if hasattr(COMMANDS[words[0]], "commands") else COMMANDS[words[0]]
    given = [re.match(r"--?[A-Za-z][\w-]*", word) for word in words[1:]]
    assert {one.group() for one in given if one} <= options(command) | {"--help"}, words


def test_every_line_and_mention_of_a_command_has_its_options():
    assert len(LINES) >= 8 and len(SAID) >= 8
    for words in [*(words for *_, words in LINES), *(words for _, words in SAID)]:
        check(words)


OPENAPI = {
    "openapi": "3.1.0",
    "info": {"title": "API", "version": "1"},
    "paths": {"/orders": {"post": {"summary": "Create an order"}}},
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder in which the examples run: the sample, its bundle where the demo and the repository have one, files they name.

    Texts are bags of words here, so that nothing need be encoded.
    """
    folder = tmp_path_factory.mktemp("shop")
    (folder / "data").symlink_to(ROOT / "data")
    pd.DataFrame(
        {
            "id": ["shipbob", "skio", "some"],
            "name": ["ShipBob", "Skio", "Some Partner"],
            "Who we serve": ["online shops", "shops with subscriptions", "shops"],
            "goals": ["more subscriptions", "more parcels", "more returns"],
            "capabilities": ["parcels; returns", "subscriptions", "reviews"],
        }
    ).to_csv(folder / "partners.csv", index=False)
    pd.DataFrame(
        {"name": ["A", "B"], "key_benefits": [["x"], ["y"]], "plan_features": [["z"], []], "reviews_count": [5, 10]}
    ).to_parquet(folder / "apps.parquet")
    (folder / "relations.csv").write_text("a,b,type\nshipbob,skio,integration\n")
    (folder / "pairs.csv").write_text("a,b\nshipbob,skio\n")
    (folder / "candidates.csv").write_text("partner\nskio\n")
    (folder / "newcomer.json").write_text('{"name": "New", "goals": ["more parcels"], "capabilities": ["returns"]}')
    for name in ("shipbob.yaml", "skio.json", "api.yaml"):
        (folder / name).write_text(json.dumps(OPENAPI))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matchmaker.encoders.open_encoder", lambda *_, **__: WordEncoder())
        patch.chdir(folder)
        patch.delenv("MATCHMAKER_MODEL", raising=False)
        read = load_catalogue("data/sample/partners.jsonl", relations="data/sample/relations.csv")
        Matchmaker().fit(read).save("out/demo")
        shutil.copytree("out/demo", "models/sample")
        yield folder


@pytest.mark.parametrize("name", sorted({name for name, *_ in LINES}))
def test_examples_of_the_command_line_run(name, shop):
    lines = [(given, words) for where, given, words in LINES if where == name and is_example(words)]
    for given, words in lines:
        done = run(app, words, env=given)
        assert done.exit_code == 0, (words, done.output, done.exception)
        assert done.stdout.strip(), words


def test_most_lines_are_examples_that_run():
    assert sum(is_example(words) for *_, words in LINES) >= 8


def test_what_the_demo_proposes_runs(shop):
    shown = run(app, ["demo", "-o", "out/demo"])
    assert shown.exit_code == 0, shown.output
    proposed = [
        shlex.split(line, comments=True)[1:] for line in shown.stdout.splitlines() if line.startswith("  matchmaker ")
    ]
    assert len(proposed) == 4
    for words in proposed:
        check(words)
        if is_example(words):
            assert run(app, words).exit_code == 0, words
    assert sum(map(is_example, proposed)) == 3


def test_every_filter_example_runs(bundle):
    examples = [
        shlex.split(said) for row in table(page("filters")) for said in code(row[2]) if said.startswith("--where")
    ]
    assert len(examples) >= 5
    for words in examples:
        done = run(app, ["recommend", "p000", "-m", str(bundle), *words])
        assert done.exit_code == 0, (words, done.exception)


BLOCKS = [
    (name, body)
    for name, text in PAGES.items()
    if name not in ELSEWHERE
    for kind, body in FENCED.findall(text)
    if kind == "python"
]


@pytest.mark.parametrize("place", range(len(BLOCKS)), ids=[name for name, _ in BLOCKS])
def test_python_examples_run(place, shop):
    name, body = BLOCKS[place]
    exec(compile(body, name, "exec"), {"engine": Matchmaker.load("out/demo")})


def test_toml_examples_are_mappings(tmp_path):
    blocks = [body for kind, body in FENCED.findall(page("data-formats")) if kind == "toml"]
    assert len(blocks) == 1
    (tmp_path / "m.toml").write_text(blocks[0])
    assert columns.read_map_toml(tmp_path / "m.toml")["partners"]["capabilities"] == ("key_benefits", "plan_features")


@pytest.mark.slow
def test_the_readme_runs_with_the_real_encoder(tmp_path):
    (tmp_path / "data").symlink_to(ROOT / "data")
    [body] = [body for name, body in BLOCKS if name == "README.md"]
    environment = {**os.environ, "MATCHMAKER_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", body], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 5
    assert (tmp_path / "out" / "mine" / "current").is_file()
    assert Path(Matchmaker.load(tmp_path / "out" / "mine").save(tmp_path / "again")).is_dir()
