"""Every operation against its own description: Schemathesis, all checks, right and wrong requests, on the live service.

By hand, for as long as one likes: MATCHMAKER_CONTRACT_SECONDS=600 pytest tests/service/contract/test_schemathesis.py
"""

import os
import subprocess
import sys

import pytest

from matchmaker import Matchmaker
from tests.conftest import ROOT
from tests.service.contract.running import running

SECONDS = os.environ.get("MATCHMAKER_CONTRACT_SECONDS")


@pytest.mark.slow
def test_schemathesis_finds_nothing(tmp_path):
    (tmp_path / "data").mkdir()
    with running(
        tmp_path / "data",
        "tests.service.contract.lenient",
        auth="required",
        rate_limit="1000000/second",
        account_key="a secret of the contract test",
    ) as service:
        Matchmaker.load(service.folder / "models").save(service.folder / "models")  # a second version to change to
        key = service.key("admin")
        # The encoder is opened before answers are timed.
        assert service.ask("POST", "/v1/matches:query", key, body={"profile": {"name": "Warm"}})[0] == 200
        bounds = ["--max-time", SECONDS] if SECONDS else ["--max-examples", "2", "--seed", "3"]
        # One worker: with several, CPython's ast, which Hypothesis reads sources with, loses count (gh-106905).
        checks = ["--checks", "all", "--mode", "all", "--continue-on-failure"]
        sent = ["--header", f"X-API-Key: {key}", "--request-timeout", "60"]
        done = subprocess.run(
            [sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}/openapi.json", *checks, *sent, *bounds],
            env=service.environment
            | {"SCHEMATHESIS_HOOKS": "tests.service.contract.hooks", "CONTRACT_URL": service.url, "CONTRACT_KEY": key}
            | {"PYTHONPATH": str(ROOT)},
            cwd=tmp_path,  # where it keeps its cache
            capture_output=True,
            text=True,
        )
        log = (service.folder / "log.txt").read_text()
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:] + log[-5_000:]
    assert '"level":"error"' not in log.replace(" ", "")
