"""A service of its own for a test: on a free port, over a copy of the sample's bundle and an empty store."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.conftest import ROOT

READY_SECONDS = 300


@dataclass
class Running:
    """A service that answers at `url`; folder: its data, bundle in models/, log in log.txt."""

    url: str
    folder: Path
    environment: dict[str, str]

    def key(self, *scopes: str, partner: str | None = None) -> str:
        """The secret of a new API key."""
        chosen = [word for scope in scopes for word in ("--scope", scope)] + (["--partner", partner] if partner else [])
        command = [sys.executable, "-m", "matchmaker.cli.app", "keys", "create", "test", *chosen]
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout.strip()

    def ask(self, method: str, path: str, key: str | None, *, query=None, body=None, headers=None):
        """Status, headers and body of an answer; the body read as JSON where it is JSON."""
        sent = {"Content-Type": "application/json", **({"X-API-Key": key} if key else {}), **(headers or {})}
        data = None if body is None else json.dumps(body).encode()
        url = self.url + path + (f"?{urlencode(query, doseq=True)}" if query else "")
        try:
            with urlopen(Request(url, data, sent, method=method), timeout=300) as answer:
                status, told, content = answer.status, answer.headers, answer.read()
        except HTTPError as error:
            status, told, content = error.code, error.headers, error.read()
        return status, told, json.loads(content) if "json" in told.get("content-type", "") else content


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@contextmanager
def running(folder: Path, module: str = "matchmaker.cli.app", **settings: str) -> Iterator[Running]:
    """Serve a copy of the sample's bundle until the end of the block. settings: such as auth="required"."""
    port = free_port()
    if not (folder / "models").exists():
        shutil.copytree(ROOT / "models" / "sample", folder / "models")
    given = {
        "model": str(folder / "models"), "data_dir": str(folder), "port": str(port), "log_level": "warning", **settings
    }  # fmt: skip
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MATCHMAKER_")}
    environment = plain | {f"MATCHMAKER_{name.upper()}": value for name, value in given.items()}
    made = Running(f"http://127.0.0.1:{port}", folder, environment)
    with (
        (folder / "log.txt").open("ab") as log,
        subprocess.Popen(
            [sys.executable, "-m", module, "serve"], env=environment, cwd=ROOT, stdout=log, stderr=log
        ) as process,
    ):
        try:
            _await(made, process)
            yield made
        finally:
            process.terminate()


def _await(made: Running, process: subprocess.Popen) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        try:
            if made.ask("GET", "/readyz", None)[0] == 200:
                return
        except OSError:
            assert process.poll() is None, (made.folder / "log.txt").read_text()
        time.sleep(0.2)
    raise AssertionError((made.folder / "log.txt").read_text())
