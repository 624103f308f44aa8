"""The real service with the bundled sample, and a real browser in front of it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from tests.conftest import ROOT
from tests.service.page.visit import SIZES, Visit

CHROMIUM = shutil.which("chromium")


@contextmanager
def listening(model, tmp_path_factory, **more):
    """Address of a service over a bundle that listens on a free port. more: further variables of its environment."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    told = {
        "MATCHMAKER_MODEL": str(model),
        "MATCHMAKER_DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "MATCHMAKER_LOG_LEVEL": "error",
        **more,
    }
    command = [sys.executable, "-m", "uvicorn", "--factory", "matchmaker_service.app:create_app", "--port", str(port)]
    log = tmp_path_factory.mktemp("log") / "service.txt"
    with (
        log.open("wb") as written,
        subprocess.Popen(
            [*command, "--log-level", "error"], env={**os.environ, **told}, cwd=ROOT, stdout=written, stderr=written
        ) as process,
    ):
        try:
            _await(f"http://127.0.0.1:{port}/livez", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """Address of a service over the bundled sample, with accounts."""
    key = {"MATCHMAKER_ACCOUNT_KEY": "a secret of the page's tests"}
    with listening(ROOT / "models" / "sample", tmp_path_factory, **key) as address:
        _give_accounts(address)
        yield address


@pytest.fixture(scope="module")  # no longer: Playwright's loop keeps others in this process from running one
def browser():
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory) -> Path:
    """Where screenshots are kept: the folder of artefacts if there is one."""
    folder = Path(os.environ.get("MATCHMAKER_ARTIFACTS") or tmp_path_factory.mktemp("artifacts")) / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def visit(browser, service):
    """Opens the page as a visitor of a screen size and a colour scheme; at the end nothing may have gone wrong on any of them."""
    opened = []

    def enter(size: str = "desktop", scheme: str = "light") -> Visit:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
            accept_downloads=True,
        )
        opened.append((context, made := Visit(context.new_page(), service)))
        return made

    yield enter
    for context, made in opened:
        found = made.violations()
        context.close()
        assert made.troubles == []
        assert found == []


def _give_accounts(address: str) -> None:
    """Two partners share accounts: 40 customers of one are prospects of the other, 12 the other way."""
    held = {
        "gorgias": {"customer": range(120), "prospect": range(200, 260), "opportunity": range(300, 320)},
        "loop-returns": {"prospect": range(80, 150), "customer": range(248, 315)},
    }
    for partner, populations in held.items():
        rows = [
            {"account": f"shop{number}.example", "population": population, "value": 500, "currency": "EUR"}
            for population, numbers in populations.items()
            for number in numbers
        ]
        body = json.dumps({"partner": partner, "accounts": rows}).encode()
        with urlopen(Request(f"{address}/v1/accounts", body, {"Content-Type": "application/json"})):
            pass


def _await(address: str, process: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            with urlopen(address, timeout=5):
                return
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)
    raise AssertionError(f"{address} does not answer: {log.read_text()}")
