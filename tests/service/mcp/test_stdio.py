"""The real server in a process of its own: `matchmaker mcp` as an assistant starts it."""

import json
import os
import subprocess
import sys

import pytest
from mcp import StdioServerParameters

from tests.cli.process import one_error
from tests.conftest import ROOT
from tests.service.mcp.asking import COMMAND, QUESTIONS, process, talk

SAMPLE = ROOT / "models" / "sample"
HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
HEAVY = ("torch", "sentence_transformers", "sklearn", "fastapi.routing")


def start(*lines, code=None, model=SAMPLE):
    """A finished process that was sent `lines` in one go, then the end of its input; `code` instead of the command."""
    command = [sys.executable, *(["-c", code] if code else COMMAND), str(model)]
    return subprocess.run(
        command, input="".join(f"{line}\n" for line in lines), capture_output=True, text=True, timeout=60, check=False
    )


def message(number, method, **parameters):
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": parameters})


def test_the_official_client_asks_every_tool_over_the_pipes(bundle, tmp_path):
    async def conversation(client):
        listed = [tool.name for tool in (await client.list_tools()).tools]
        found = {name: await client.call_tool(name, asked) for name, asked in QUESTIONS.items()}
        wrong = await client.call_tool("explain_match", {"a": "Retruns House 0", "b": "p001"})
        bad = await client.call_tool("find_partner_recommendations", {"partner": "p000", "where": ["colour=red"]})
        return listed, found, wrong, bad, await client.read_resource("matchmaker://ecosystem")

    with (tmp_path / "errors").open("w+") as errors:
        listed, found, wrong, bad, ecosystem = talk(process(bundle, errors), conversation)
        errors.seek(0)
        assert errors.read() == ""
    assert set(listed) == set(QUESTIONS)
    for name, answer in found.items():
        assert not answer.is_error, name
        assert json.loads(answer.content[0].text) == answer.structured_content
    assert [pair.get("status") for pair in found["score_pairs"].structured_content["pairs"]] == [
        None, "unknown partner nobody",
    ]  # fmt: skip
    assert wrong.is_error
    assert wrong.content[0].text.startswith("unknown_partner: ")
    assert "p000 (Returns House 0)" in wrong.content[0].text
    assert bad.is_error
    assert bad.content[0].text.startswith("invalid_filter: ")
    assert json.loads(ecosystem.contents[0].text)["partners"] == 40


def test_it_ends_when_its_input_ends_and_writes_nothing_but_the_protocol():
    done = start(message(1, "initialize", **HELLO), "no JSON, sesame", message(2, "tools/call", sesame=1))
    assert done.returncode == 0
    assert done.stderr == ""
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(reply["jsonrpc"] == "2.0" for reply in replies)
    assert replies[0]["result"]["serverInfo"]["name"] == "matchmaker"
    assert "sesame" not in done.stdout


def test_it_ends_at_once_without_a_word():
    done = start()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_else_is_printed_never_reaches_the_protocol():
    code = (
        "import sys; from pathlib import Path; import matchmaker_service.mcp.protocol as protocol\n"
        "protocol._Handlers.list_tools = lambda *_: print('stray') or 1 / 0\n"
        "protocol.serve(Path(sys.argv[1]))"
    )
    listed = json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"})
    with subprocess.Popen(
        [sys.executable, "-c", code, str(SAMPLE)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        for line in (message(1, "initialize", **HELLO), listed, message(2, "tools/list")):
            running.stdin.write(f"{line}\n")
        running.stdin.flush()
        replies = [json.loads(running.stdout.readline()) for _ in range(2)]
        rest, errors = running.communicate(timeout=30)
    assert [reply["id"] for reply in replies] == [1, 2]
    assert "error" in replies[1]
    assert rest == ""
    assert "stray" in errors


def test_neither_torch_nor_the_http_service_is_loaded_to_start():
    code = (
        "import sys; from pathlib import Path; from matchmaker_service.mcp import run\n"
        "run(Path(sys.argv[1]))\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = start(message(1, "initialize", **HELLO), code=code)
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_printed_configuration_starts_a_server_from_any_folder(bundle, tmp_path):
    relative = os.path.relpath(bundle, ROOT)
    told = subprocess.run(
        [sys.executable, *COMMAND, relative, "--json"], capture_output=True, text=True, check=True, timeout=60, cwd=ROOT
    )
    configuration = json.loads(told.stdout)["mcpServers"]["matchmaker"]
    client = StdioServerParameters(**configuration, cwd=tmp_path)
    assert talk(client, lambda client: client.list_tools()).tools


def test_a_missing_bundle_is_one_error_and_no_protocol(tmp_path):
    done = start(model=tmp_path / "nothing")
    one_error(done, 4, "bundle_missing", "nothing")
    assert done.stdout == ""


@pytest.mark.parametrize("call", ["run(Path('x'))", "server(None)"])
def test_without_the_sdk_the_pip_line_is_told(call):
    code = (
        "import sys; sys.modules['mcp'] = None; from pathlib import Path\n"
        "from matchmaker.errors import MissingExtraError; from matchmaker_service.mcp import run, server\n"
        f"try: {call}\n"
        "except MissingExtraError as error: print(error)"
    )
    done = start(code=code)
    assert "pip install 'matchmaker[mcp]'" in done.stdout
    assert done.stderr == ""
