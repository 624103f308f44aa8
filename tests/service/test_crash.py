"""kill -9 while clients write: what was acknowledged is there, once, and a retry finds its answer."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest

from tests.conftest import ROOT

ROUNDS = int(os.environ.get("MATCHMAKER_CRASH_ROUNDS", "3"))
WRITERS = 4


class Service:
    """`matchmaker serve` as a process, started again and again on one port and one store; texts are bags of words."""

    def __init__(self, url, bundle, folder):
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]
        self._environment = {**os.environ, "MATCHMAKER_DATABASE": url, "MATCHMAKER_LOG_LEVEL": "error"}
        self._command = [sys.executable, "-m", "tests.service.worded", "serve", "-m", str(bundle)]
        self._command += ["--port", str(self.port), "--data-dir", str(folder)]
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self._command, cwd=ROOT, env=self._environment, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 300  # only against waiting for ever
        while True:
            try:
                return self.ask("GET", "/readyz")
            except OSError:
                assert time.monotonic() < until and self.process.poll() is None
                time.sleep(0.05)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, method, path, body=None, key=None):
        """Status and body; an OSError where there is no whole answer."""
        headers = {"content-type": "application/json", **({"idempotency-key": key} if key else {})}
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers, method=method)
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.status, json.loads(answer.read() or b"null")


class Writer(threading.Thread):
    """Writes one thing after another until the service is gone; remembers what was acknowledged and what was on its way."""

    def __init__(self, service, name):
        super().__init__()
        self.service, self.name, self.acknowledged, self.open = service, name, {}, None

    def run(self):
        number = 0
        while True:
            key = f"{self.name}-{number}"
            request = requests(key)
            try:
                self.acknowledged[key] = self.service.ask(*request, key=key)
            except urllib.error.HTTPError as error:
                raise AssertionError(error.read()) from error
            except (OSError, ValueError, http.client.HTTPException):  # no answer, or half of one
                self.open = key
                return
            number += 1


def requests(key):
    """The write of a key: by turns a partner, an activity and a batch."""
    kind = int(key.rpartition("-")[2]) % 3
    if kind == 0:
        return "PUT", f"/v1/partners/{key}", {"name": key, "description": "Writes under fire."}
    if kind == 1:
        told = {"from": "p000", "to": "p001", "date": "2026-01-01", "note": key}
        return "POST", "/v1/activity", {"activities": [told]}
    return "POST", "/v1/partners:batch", {"partners": [{"id": f"{key}{half}", "name": key} for half in "ab"]}


@pytest.fixture
def service(url, bundle, tmp_path):
    made = Service(url, bundle, tmp_path)
    yield made
    if made.process:  # whatever failed, none is left behind
        made.kill()


@pytest.mark.slow
def test_acknowledged_writes_survive_kill_9_and_retries_write_nothing_twice(service):
    chance, known, left = random.Random(3), {}, []
    for number in range(ROUNDS):
        service.start()
        writers = [Writer(service, f"r{number}w{one}") for one in range(WRITERS)]
        for writer in writers:
            writer.start()
        time.sleep(chance.uniform(0.3, 1.2))
        service.kill()
        for writer in writers:
            writer.join()
            known |= writer.acknowledged
            left.append(writer.open)
    assert len(known) > ROUNDS * WRITERS
    service.start()
    for key, (status, body) in known.items():
        assert service.ask(*requests(key), key=key) == (status, body), key  # replayed, not done again
    for key in filter(None, left):
        known[key] = service.ask(*requests(key), key=key)
    expected = {end for key in known for end in partners_of(key)}
    assert listed(service, "/v1/partners?limit=200", "id") - {f"p{row:03d}" for row in range(40)} == expected
    notes = everything(service, "/v1/activity?limit=200", "note")
    assert sorted(notes) == sorted(key for key in known if requests(key)[1] == "/v1/activity")
    audited = everything(service, "/v1/audit?limit=200&action=partner.put", "target")
    assert sorted(audited) == sorted(expected)


def partners_of(key):
    method, _, body = requests(key)
    return [key] if method == "PUT" else [one["id"] for one in body.get("partners", ())]


def listed(service, path, name):
    return set(everything(service, path, name))


def everything(service, path, name):
    """One field of every row of all pages."""
    found = []
    while path:
        _, page = service.ask("GET", path)
        found += [row[name] for row in page["data"]]
        path = page["pagination"]["next_href"]
    return found
