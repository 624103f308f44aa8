"""The notebooks on other files than the sample's, as papermill runs them: what the first cell holds is all that changes."""

import json
import subprocess
import sys

import nbformat
import numpy as np
import pandas as pd
import pytest

from matchmaker import Catalogue, Matchmaker
from matchmaker.registry.bundle import current_version
from matchmaker.registry.promotions import read
from matchmaker.registry.versions import listing
from notebooks.pair import FOLDER
from tests.cli.process import tree
from tests.conftest import WordEncoder, make_partner

COUNT, CIRCLES = 80, 5
NAMED = {"relations": {"a": "Company", "b": "Works with"}}
"""Columns that no reader would guess."""


class Run:
    """A notebook that was run, as what its cells showed."""

    def __init__(self, path):
        self.cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        self.outputs = [output for cell in self.cells for output in cell.outputs]
        streams = [output for output in self.outputs if output.output_type == "stream"]
        self.text = "".join(output.text for output in streams if output.name == "stdout")
        self.warnings = "".join(output.text for output in streams if output.name == "stderr")
        shown = [output.data for output in self.outputs if "data" in output]
        self.tables = [data["text/html"] for data in shown if "text/html" in data]
        self.plots = sum("image/png" in data for data in shown)

    def table_with(self, words):
        """The one table that names all of `words`."""
        [found] = [table for table in self.tables if all(word in table for word in words)]
        return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A bundle without any relation, two files of relations, and a file of partners."""
    where = tmp_path_factory.mktemp("own")
    partners = [make_partner(number) for number in range(COUNT)]
    Matchmaker(encoder=WordEncoder()).fit(Catalogue.from_partners(partners)).save(where / "bundle")
    circle = np.arange(COUNT) * 7 // 3 % CIRCLES
    together = circle[:, None] == circle[None, :]
    _relations(where / "circles.csv", np.where(together, 0.6, 0.01))
    _relations(where / "chance.csv", np.full((COUNT, COUNT), 0.12))
    rows = [make_partner(number) for number in range(12)]
    table = pd.DataFrame([one.model_dump(include={"id", "name", "goals", "capabilities", "size"}) for one in rows])
    table = table.assign(goals=table["goals"].str.join("; "), capabilities=table["capabilities"].str.join("; "))
    table["Who they sell to"] = [one.audience for one in rows]
    table.to_csv(where / "partners.csv", index=False)
    return where


def _relations(path, chance):
    """Partnerships by `chance` (n, n), one that has ended, and two rows that cannot be read."""
    drawn = np.triu(np.random.default_rng(0).random(chance.shape) < chance, 1)
    drawn[0, 1] = False
    rows = [(f"p{a:03d}", f"p{b:03d}", "partnership", "active") for a, b in zip(*np.nonzero(drawn), strict=True)]
    rows.append(("p000", "p001", "partnership", "ended"))
    rows += [("p000", "nobody", "partnership", "active"), ("p000", "p000", "partnership", "active")]
    pd.DataFrame(rows, columns=["Company", "Works with", "type", "status"]).to_csv(path, index=False)


def run(name, cwd, out, **parameters):
    """Run a notebook by papermill with these parameters from the folder `cwd`."""
    done = subprocess.run(
        [
            sys.executable, "-m", "papermill", FOLDER / f"{name}.ipynb", out, "--cwd", cwd, "--no-progress-bar",
            "--parameters_yaml", json.dumps(parameters, default=str),
        ],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "unknown parameter" not in done.stderr
    found = Run(out)
    assert found.warnings == ""
    return found


def retrained(folder, relations):
    """The retraining notebook on a file of relations, the folder of its bundle, and how many links there are to learn from."""
    out = folder / relations.replace(".csv", "")
    given = {"MODEL": "bundle", "RELATIONS": relations, "COLUMNS": NAMED, "OUT": out.name, "PARTNER": "p000", "K": 5}
    before = tree(folder / "bundle")
    found = run("02_retrain", folder, folder / f"{out.name}.ipynb", **given)
    assert tree(folder / "bundle") == before
    rows = len(pd.read_csv(folder / relations))
    assert f"{relations}: {rows:,} rows read, {rows - 2:,} kept, 2 refused" in found.text
    assert f"{rows - 3:,} links among" in found.text
    found.table_with(["unknown_partner", "nobody", "same_partner"])
    found.table_with(["partnership, ended", "p000 - p001"])
    assert found.plots == 1
    [bundle] = out.iterdir()
    first, second = listing(bundle)
    assert (first["basis"], second["basis"], second["from"]) == ("prior", "learned", "links")
    assert "Before: prior. After: calibrated to observed partnerships." in found.text
    found.table_with(["rank before", "rank after", "known link"])
    return found, bundle, first["version"], second["version"]


def test_what_is_learned_from_own_relations_is_promoted_and_rolled_back(folder):
    found, bundle, first, second = retrained(folder, "circles.csv")
    assert "Passed: the learned part may be released." in found.text
    assert f"Promoted: {first} -> {second}" in found.text
    assert f"Back: {first}" in found.text
    assert current_version(bundle) == second
    assert [(change.how, change.to) for change in read(bundle)[0]] == [
        ("promote", second),
        ("rollback", first),
        ("rollback", second),
    ]


def test_what_the_gate_refuses_is_told_and_changes_nothing(folder):
    found, bundle, first, _ = retrained(folder, "chance.csv")
    assert "Refused: the prior stays." in found.text
    assert "Not promoted. The gate refused version" in found.text
    assert f"nothing to roll back: {first} has been current all along" in found.text
    assert current_version(bundle) == first
    assert read(bundle) == ([], 0)


def test_own_relations_are_evaluated(folder):
    given = {"MODEL": "bundle", "RELATIONS": "circles.csv", "COLUMNS": NAMED, "OUT": "page"}
    found = run("03_evaluate", folder, folder / "evaluated.ipynb", **given)
    links = len(pd.read_csv(folder / "circles.csv")) - 3
    assert f"<th>links</th>\n      <td>{links}</td>" in found.table_with(["linked partners"])
    assert found.plots == 4
    for scorer in ("prior", "popularity", "TF-IDF cosine", "Adamic-Adar", "EASE"):
        assert f"<th>{scorer}</th>" in found.table_with(["with history minus"])
    assert "Brier skill" in found.text
    assert "Passed: the learned part may be released." in found.text
    demands = found.table_with(["in words"])
    assert all(f"<th>{name}</th>" in demands for name in ("gain", "aggregate", "not_fame", "skill", "calibration"))
    assert "<h1>Evaluation</h1>" in (folder / "page" / "evaluation.html").read_text()


def test_a_file_of_partners_is_explored(folder):
    columns = {"partners": {"audience": "Who they sell to"}}
    given = {"MODEL": "partners.csv", "COLUMNS": columns, "PARTNER": None, "K": 3, "ASKED": 4}
    found = run("01_explore", folder, folder / "explored.ipynb", **given)
    assert "12 read" in found.text or "12 rows" in found.text, found.text
    assert "12 partners, 0 relations; answers rest on: prior" in found.text
    assert found.plots == 4
    assert "<th>3</th>" in found.table_with(["value_to_you", "value_to_them"])
    assert "To Returns House 0 (value" in found.text
