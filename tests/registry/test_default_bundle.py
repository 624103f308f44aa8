import subprocess
import sys

from matchmaker import Config, Matchmaker, load_catalogue
from matchmaker.encoders import open_encoder
from tests.conftest import ROOT, SAMPLE

KEPT = ROOT / "models" / "sample"


def test_the_bundle_that_git_keeps_is_the_sample_with_the_default_settings():
    kept = Matchmaker.load(KEPT)
    sample = load_catalogue(SAMPLE / "partners.jsonl", relations=SAMPLE / "relations.csv")
    assert kept.fitted.catalogue == sample.fingerprint, "make models"
    assert kept.config == Config(), "make models"
    assert kept.fitted.fingerprint == open_encoder(Config().encoder).fingerprint, "make models"
    assert kept.integrity.wait(60) == "intact"
    assert len([path for path in KEPT.iterdir() if path.is_dir()]) == 1


def test_reading_commands_ask_it_when_no_other_is_named():
    command = [sys.executable, "-m", "matchmaker.cli.app", "recommend", "shipbob", "-k", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Partners for ShipBob" in done.stdout
