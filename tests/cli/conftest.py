"""One cache of text vectors, one catalogue and one real bundle for all tests that start processes."""

import json
import shutil

import pytest

from tests.cli.process import ALONE, GOOD, NEWCOMER, OTHER, matchmaker
from tests.conftest import make_partner, once


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
    """Every text that a process of this file may encode is in the cache."""
    shutil.copytree(once(tmp_path_factory, "built", build) / "cache", cache, dirs_exist_ok=True)


@pytest.fixture(scope="package")
def real(warm, tmp_path_factory):
    """A folder with a good catalogue and the bundle that a real build made of it."""
    return shutil.copytree(once(tmp_path_factory, "built", build) / "real", tmp_path_factory.mktemp("real") / "real")


def build(folder):
    """A cache with every text, made by a process that builds a bundle of them all, and the bundle of the good catalogue."""
    (folder / "real").mkdir()
    (folder / "real" / "good.csv").write_text(GOOD)
    more = [make_partner(number).model_dump(mode="json") for number in range(20)]
    more += [{**one, "id": f"more-{number}"} for number, one in enumerate((ALONE, OTHER, NEWCOMER))]
    (folder / "more.json").write_text(json.dumps(more))
    environment = {"MATCHMAKER_CACHE_DIR": str(folder / "cache")}
    for arguments, bundle in ((["real/good.csv", "more.json"], "warm"), (["real/good.csv"], "real/bundle")):
        built = matchmaker("build", *arguments, "-o", bundle, cwd=folder, environment=environment)
        assert built.returncode == 0, built.stderr
