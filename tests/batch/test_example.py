import subprocess
import sys

import pytest

from tests.batch.tables import write
from tests.conftest import ROOT


@pytest.mark.slow
def test_the_example_prints_the_best_candidates(tmp_path, bundle):
    write(tmp_path / "who.csv", [{"partner": f"p{one:03d}"} for one in range(40)])
    command = [sys.executable, ROOT / "examples" / "batch_score.py", bundle, "who.csv", "p003"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("40 scored, 1 of them not")
    assert len(lines) == 12
    mutual = [float(line.split()[1]) for line in lines[2:]]
    assert mutual == sorted(mutual, reverse=True)
