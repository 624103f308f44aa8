"""The commands: keys and serve, in processes of their own, over one store."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from matchmaker.cli.app import main
from tests.conftest import ROOT
from tests.service.conftest import eventually
from tests.service.test_health import sample
from tests.store.conftest import url_of

NEWCOMER = {
    "name": "Returnly Example",
    "description": "Returns portal for fashion shops.",
    "goals": ["warehouses that restock returned goods"],
    "capabilities": ["returns portal"],
}


def environment(folder, **more):
    foreign = [name for name in os.environ if name.startswith("MATCHMAKER_") and name != "MATCHMAKER_CACHE_DIR"]
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    told = {"DATA_DIR": folder, "MODEL": ROOT / "models" / "sample", "LOG_LEVEL": "info", **more}
    return {**kept, **{f"MATCHMAKER_{name}": str(value) for name, value in told.items()}, "PYTHONPATH": str(ROOT)}


@contextmanager
def serving(folder, *arguments, program="matchmaker.cli.app", **more):
    """A `matchmaker serve` on a free port: asks of it, and its process. program: the module that is `matchmaker`."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

    def ask(path, method="GET", body=None, **headers):
        sent = None if body is None else json.dumps(body).encode()
        headers["content-type"] = "application/json"
        try:
            with urlopen(
                Request(f"http://127.0.0.1:{port}{path}", sent, headers, method=method), timeout=300
            ) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def up():
        assert process.poll() is None, log.read_text()
        try:
            return ask("/livez")[0] == 200
        except OSError:
            return False

    log = folder / "log.txt"
    command = [sys.executable, "-m", program, "serve", "--port", str(port), *arguments]
    with (
        log.open("ab") as written,
        subprocess.Popen(
            command, env=environment(folder, **more), cwd=folder, stderr=written, stdout=written
        ) as process,
    ):
        try:
            eventually(up, 300)  # only against waiting for ever
            yield ask, process, log
        finally:
            if process.poll() is None:
                ended(process)


def ended(process):
    """Tell it to stop, and make it stop where it does not, so that no test leaves a process behind."""
    try:
        stopped(process)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def stopped(process, seconds=30):
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(seconds)
    return time.monotonic() - begun


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """The command in this process: status, standard output, standard error."""

    def command(*arguments, **more):
        with monkeypatch.context() as patch:
            patch.chdir(tmp_path)
            for name, value in environment(tmp_path, **more).items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["matchmaker", *arguments])
            with pytest.raises(SystemExit) as ended:
                main()
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return command


def refused(done, status, code, *said):
    """The command ended with this status and one sentence."""
    assert done[0] == status, done
    last = done[2].splitlines()[-1]
    assert last.startswith(f"Error ({code}): ") and "Traceback" not in done[2]
    assert all(words in last for words in said), last


def test_keys_are_made_listed_and_revoked(run):
    status, out, _ = run("keys", "create", "shop", "--scope", "write", "--partner", "shipbob", "--days", "1", "--json")
    told = json.loads(out)
    secret, key = told.pop("secret"), told["id"]
    assert status == 0 and secret.startswith(f"mm_{key}_")
    assert (told["scopes"], told["partner"]) == (["write"], "shipbob")
    status, out, _ = run("keys", "list", "--json")
    (row,) = json.loads(out)["keys"]
    assert (row["id"], row["label"], row["state"]) == (key, "shop", "in force") and row["expires_at"]
    for shown in (out, run("keys", "list")[1]):
        assert key in shown and secret.split("_", 2)[2] not in shown
    assert run("keys", "revoke", key)[0] == 0
    assert json.loads(run("keys", "list", "--json")[1])["keys"][0]["state"] == "revoked"
    refused(run("keys", "revoke", key), 2, "invalid_setting", key)
    refused(run("keys", "create", "x", "--scope", "all"), 2, "invalid_setting", "read, write, admin")


def test_a_secret_is_the_only_thing_on_standard_output(run):
    status, out, err = run("keys", "create", "shop")
    assert status == 0 and out.count("\n") == 1 and out.startswith("mm_")
    assert out.strip() not in err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3"])
def test_it_listens_to_others_only_with_a_key_in_force(run, host):
    refused(run("serve", "--host", host, "--port", "0"), 2, "invalid_setting", "keys create", host)
    assert run("keys", "create", "x", "--days", "0.000001")[0] == 0  # a tenth of a second
    key = json.loads(run("keys", "create", "y", "--json")[1])["id"]
    run("keys", "revoke", key)
    refused(run("serve", "--host", host, "--port", "0"), 2, "invalid_setting", "keys create")


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"PORT": "many"}, 2, "invalid_setting"),
        ({"CORS_ORIGINS": "a.example"}, 2, "invalid_setting"),
        ({"MODEL": "nowhere"}, 4, "bundle_missing"),
        ({"DATABASE": "mysql://x"}, 2, "invalid_setting"),
        ({"DATABASE": "sqlite:////proc/nothing/x.db"}, 4, "store_unavailable"),
    ],
)
def test_what_it_cannot_start_with_is_one_sentence(run, more, status, code):
    refused(run("serve", **more), status, code)


@pytest.mark.slow
def test_one_command_serves_writes_and_ends_when_told(tmp_path):
    """With the real encoder: what is written is recommended, and a second start still has it."""
    with serving(tmp_path) as (ask, process, log):
        assert ask("/readyz")[0] == 200
        assert ask("/v1/partners/shipbob/matches?k=1")[0] == 200
        assert ask("/v1/partners/returnly", "PUT", NEWCOMER)[0] == 201
        status, text = ask("/v1/partners/returnly/matches?k=3")
        assert status == 200 and len(json.loads(text)["data"]) == 3
        assert stopped(process) < 15
        assert process.returncode in (0, -signal.SIGTERM), log.read_text()
        assert "Traceback" not in log.read_text() and "Returns portal" not in log.read_text()
    with serving(tmp_path) as (ask, process, _):
        assert ask("/v1/partners/returnly/matches?k=3") == (200, text)
        stopped(process)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_several_workers_answer_as_one(tmp_path, bundle, kind):
    """Each answer closes its connection, so that both workers are met. Neither loads a model: texts are bags of words."""
    with (
        url_of(kind, tmp_path) as url,
        serving(tmp_path, "--workers", "2", program="tests.service.worded", MODEL=bundle, DATABASE=url) as served,
    ):
        ask, process, _ = served
        for _ in range(40):
            assert ask("/v1/partners/p001", Connection="close")[0] == 200

        def told(tier):
            path = f"/v1/partners/p000/matches?k=1&where=extra.tier={tier}&include_existing=true"
            answers = [ask(path, Connection="close") for _ in range(10)]
            return all(status == 200 and '"partner":"p001"' in text for status, text in answers)

        for tier, seconds in (
            ("first", 300),
            ("unheard-of", 4),
        ):  # the first waits for processes to begin; the asking takes time
            assert ask("/v1/partners/p001", "PATCH", {"extra": {"tier": tier}})[0] == 200
            eventually(lambda tier=tier: told(tier), seconds)
        route = {"route": "/v1/partners/{partner}", "method": "GET", "status": "200"}
        for _ in range(10):
            assert sample(ask("/metrics", Connection="close")[1], "matchmaker_requests_total", **route) == 40
        stopped(process)
        assert process.returncode in (0, -signal.SIGTERM)


def test_a_key_needs_a_label_and_a_time_in_force(run):
    refused(run("keys", "create", " "), 2, "invalid_setting", "label")
    for days in ("0", "-1", "nan"):
        refused(run("keys", "create", "x", "--days", days), 2, "invalid_setting", "--days")


def test_a_port_that_is_taken_is_told(run):
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        refused(run("serve", "--port", str(one.getsockname()[1])), 2, "invalid_setting", "--port")
