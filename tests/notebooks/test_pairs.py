"""Each notebook is a pair that says the same twice, stores no outputs, and is changed by its first cell alone.

That each runs on the sample is not asked here: pytest collects notebooks/*.ipynb by themselves, with nbmake.
"""

import ast
import json
import re

import jupytext
import pytest

from notebooks.pair import FOLDER, paired, sources
from tests.conftest import ROOT

NAMES = [source.stem for source in sources()]
PAGE = (ROOT / "docs" / "notebooks.md").read_text()


def stored(name):
    """The .ipynb as it lies in the repository."""
    return json.loads((FOLDER / f"{name}.ipynb").read_text())


def code(name):
    return [cell for cell in jupytext.read(FOLDER / f"{name}.py").cells if cell.cell_type == "code"]


def assigned(tree):
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def parameters(name):
    """Default of each parameter; what is no plain value fails here, since papermill could not put another in its place."""
    lines = ast.parse(code(name)[0].source).body
    assert all(isinstance(line, ast.Assign) and len(line.targets) == 1 for line in lines)
    return {line.targets[0].id: ast.literal_eval(line.value) for line in lines}


def test_there_are_three():
    assert NAMES == ["01_explore", "02_retrain", "03_evaluate"]
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == NAMES


def test_pytest_runs_every_notebook(pytestconfig):
    assert pytestconfig.getoption("nbmake")
    assert pytestconfig.getini("testpaths") == ["tests", FOLDER.name]
    assert not pytestconfig.getoption("overwrite")


@pytest.mark.parametrize("name", NAMES)
def test_the_pair_says_the_same(name):
    assert (FOLDER / f"{name}.ipynb").read_text() == paired(FOLDER / f"{name}.py"), "run: make notebooks"
    ours, theirs = (
        [(cell.cell_type, cell.source, dict(cell.metadata)) for cell in jupytext.read(FOLDER / f"{name}{ending}").cells]
        for ending in (".py", ".ipynb")
    )
    assert ours == theirs
    assert len(ours) > 10


@pytest.mark.parametrize("name", NAMES)
def test_no_output_is_stored(name):
    cells = [cell for cell in stored(name)["cells"] if cell["cell_type"] == "code"]
    assert [cell for cell in cells if cell["outputs"] or cell["execution_count"] is not None] == [], (
        "run: make notebooks"
    )
    assert len({cell["id"] for cell in stored(name)["cells"]}) == len(stored(name)["cells"])


@pytest.mark.parametrize("name", NAMES)
def test_the_first_code_cell_alone_holds_the_parameters(name):
    first, *rest = code(name)
    assert first.metadata["tags"] == ["parameters"]
    assert not any("parameters" in cell.metadata.get("tags", ()) for cell in rest)
    given = parameters(name)
    assert {"MODEL", "RELATIONS", "SEED"} <= set(given)
    trees = [ast.parse(cell.source) for cell in rest]
    assert set(given) & set().union(*map(assigned, trees)) == set()
    read = {node.id for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert set(given) - read == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_plot_has_a_title_and_names_its_axes(name):
    plots = [cell.source for cell in code(name) if "plt.subplots" in cell.source]
    assert plots
    for source in plots:
        assert re.search(r"\btitle=f?\"|\bsuptitle\(", source), source
        for axis in "xy":
            assert re.search(rf"\b(?:set_)?{axis}label[=(]", source), source


@pytest.mark.parametrize("name", NAMES)
def test_nothing_names_a_place_of_one_machine_or_of_the_network(name):
    trees = [ast.parse(cell.source) for cell in code(name)]
    texts = [node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    assert [text for text in texts if isinstance(text, str) and re.match(r"/\w|~|[A-Z]:\\|.*://", text)] == []


def test_every_notebook_and_parameter_is_documented_with_its_default_and_no_other():
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]
    told = {found[1]: row for row in rows if (found := re.fullmatch(r"`([A-Z]+)`", row[0]))}
    defaults = {}
    for name in NAMES:
        assert f"`notebooks/{name}.py`" in PAGE
        for parameter, value in parameters(name).items():
            defaults.setdefault(parameter, {})[name[:2]] = value
    assert set(told) == set(defaults)
    for parameter, values in defaults.items():
        assert len(set(map(repr, values.values()))) == 1, parameter
        value = next(iter(values.values()))
        assert told[parameter][1] == ", ".join(values), parameter
        assert told[parameter][2] == f"`{value}`", parameter
