"""One cache of text vectors, one catalogue and one real bundle for all tests that start processes."""

import json

import pytest

from tests.cli.process import ALONE, GOOD, NEWCOMER, OTHER, matchmaker
from tests.conftest import make_partner


@pytest.fixture(scope="package", autouse=True)
def cache(tmp_path_factory):
    """One cache of text vectors for all processes of this file: loading the model takes longer than all else."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MATCHMAKER_CACHE_DIR", str(folder))
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # threads of many small processes only wait for cores
            patch.setenv(name, "1")
        for name in ("MATCHMAKER_MODEL", "MATCHMAKER_ACCOUNT_KEY", "NO_COLOR"):
            patch.delenv(name, raising=False)
        yield folder


@pytest.fixture(scope="package")
def warm(cache, tmp_path_factory):
    """Every text that a process of this file may encode, encoded by one of them."""
    folder = tmp_path_factory.mktemp("warm")
    (folder / "good.csv").write_text(GOOD)
    more = [make_partner(number).model_dump(mode="json") for number in range(20)]
    more += [{**one, "id": f"more-{number}"} for number, one in enumerate((ALONE, OTHER, NEWCOMER))]
    (folder / "more.json").write_text(json.dumps(more))
    built = matchmaker("build", "good.csv", "more.json", "-o", "warm", cwd=folder)
    assert built.returncode == 0, built.stderr


@pytest.fixture(scope="package")
def real(warm, tmp_path_factory):
    """A folder with a good catalogue and the bundle that a real build made of it."""
    folder = tmp_path_factory.mktemp("real")
    (folder / "good.csv").write_text(GOOD)
    built = matchmaker("build", "good.csv", "-o", "bundle", cwd=folder)
    assert built.returncode == 0, built.stderr
    return folder
