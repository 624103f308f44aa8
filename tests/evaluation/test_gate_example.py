import subprocess
import sys

from tests.conftest import ROOT


def test_the_example_shows_fame_refused_and_knowledge_passed():
    command = [sys.executable, ROOT / "examples" / "gate_refuses_popularity.py"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    fame, knowing = told.strip().split("\n\n")
    assert "Refused: the prior stays." in fame
    assert "as a model that learned only popularity" in fame
    assert "Passed: the learned part may be released." in knowing
    assert "NO" not in knowing
