"""What a client is told of the server, and what the server does when something is wrong or slow."""

import json
import logging
import threading

import anyio
import pytest
from mcp.shared.exceptions import MCPError

from matchmaker import Matchmaker
from matchmaker.changes import with_changes
from matchmaker.errors import StorageError
from matchmaker_service.mcp import server as build
from matchmaker_service.mcp.ecosystem import URI
from tests.service.mcp.asking import QUESTIONS, answer, refusal, talk


class Stub:
    """An engine whose explanations are what `explain` does."""

    def __init__(self, engine, explain):
        self.fitted, self.explain = engine.fitted, explain


def tools(server):
    return {tool.name: tool for tool in talk(server, lambda client: client.list_tools()).tools}


def parts(schema):
    """A schema and every schema in it."""
    if isinstance(schema, dict):
        yield schema
    for one in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from parts(one)


def test_the_tools_are_those_of_the_field(server):
    assert set(tools(server)) == set(QUESTIONS)


def test_every_tool_and_every_argument_is_described(server):
    for tool in tools(server).values():
        assert len(tool.description) > 60
        assert tool.title
        assert tool.input_schema["additionalProperties"] is False
        for name, argument in tool.input_schema["properties"].items():
            assert argument["description"], (tool.name, name)


def test_every_list_and_text_that_is_handed_in_is_bounded(server):
    bounds = {"string": ("maxLength", "enum"), "array": ("maxItems",), "integer": ("maximum",), "number": ("maximum",)}
    for tool in tools(server).values():
        seen = [part for part in parts(tool.input_schema["properties"]) if isinstance(part.get("type"), str)]
        assert seen
        for part in seen:
            assert part["type"] in ("boolean", "null") or set(bounds[part["type"]]) & set(part), (tool.name, part)


def test_every_tool_says_that_it_only_reads(server):
    for tool in tools(server).values():
        said = tool.annotations
        assert (said.read_only_hint, said.destructive_hint, said.idempotent_hint, said.open_world_hint) == (
            True, False, True, False,
        )  # fmt: skip


def test_no_tool_changes_the_bundle_or_the_engine(bundle, encoder):
    loaded = Matchmaker.load(bundle, background_check=False)
    engine = loaded.on(loaded.fitted, encoder)
    before, stands = {path: path.is_file() and path.read_bytes() for path in bundle.rglob("*")}, engine.fitted
    server = build(engine)
    first = {name: answer(server, name, **asked) for name, asked in QUESTIONS.items()}
    assert {path: path.is_file() and path.read_bytes() for path in bundle.rglob("*")} == before
    assert engine.fitted is stands
    assert {name: answer(server, name, **asked) for name, asked in QUESTIONS.items()} == first


def test_the_handshake_of_older_clients_gives_the_same(server):
    async def conversation(client):
        return await client.list_tools(), await client.call_tool("explain_match", QUESTIONS["explain_match"])

    old, new = (talk(server, conversation, mode=mode) for mode in ("legacy", "auto"))
    assert [tool.name for tool in old[0].tools] == [tool.name for tool in new[0].tools]
    assert old[1].structured_content == new[1].structured_content


def test_a_client_is_told_how_to_use_it(server):
    async def conversation(client):
        return client.instructions, client.server_capabilities

    told, can = talk(server, conversation)
    assert "40 partners" in told
    assert "no probability" in told
    assert (can.tools is None, can.resources is None, can.prompts) == (False, False, None)


def test_the_ecosystem_is_a_resource(server, engine):
    async def conversation(client):
        listed = (await client.list_resources()).resources
        assert (await client.list_resource_templates()).resource_templates == []
        return listed, (await client.read_resource(URI)).contents[0]

    listed, content = talk(server, conversation)
    assert [(str(one.uri), one.mime_type) for one in listed] == [(URI, "application/json")]
    found = json.loads(content.text)
    assert found["partners"] == 40
    assert found["relations"] == {"competitor": 1, "integration": 1, "partnership": 1}
    assert (found["model_version"], found["encoder"]) == (engine.fitted.version, "words")
    assert found["basis"] == "prior"
    assert found["categories"]["returns"] == 4
    assert found["categories_total"] == 10


def test_an_unknown_tool_or_resource_is_named_with_what_there_is(server):
    async def conversation(client):
        with pytest.raises(MCPError, match="explain_match"):
            await client.call_tool("delete_partner", {"partner": "p000"})
        with pytest.raises(MCPError, match=URI):
            await client.read_resource("file:///etc/passwd")
        return True

    assert talk(server, conversation)


def test_a_broken_promise_is_reported_without_a_traceback_or_what_was_sent(engine, caplog):
    def broken(a, b):
        raise KeyError(a)

    server = build(Stub(engine, broken))
    with caplog.at_level(logging.DEBUG, logger="matchmaker_service"):
        told = refusal(server, "explain_match", a="sesame", b="p001")
    assert told.startswith("internal: ")
    assert "KeyError at test_protocol.py:" in told
    assert "Traceback" not in told + caplog.text
    assert "KeyError" in caplog.text
    assert "sesame" not in told + caplog.text


def test_an_error_of_the_engine_keeps_its_code(engine):
    def refuses(a, b):
        raise StorageError("The disk refused.")

    assert refusal(build(Stub(engine, refuses)), "explain_match", a="p000", b="p001") == (
        "storage_failed: The disk refused."
    )


def test_the_protocol_answers_while_the_engine_works(engine):
    begun, may_end = threading.Event(), threading.Event()

    def slow(a, b):
        begun.set()
        assert may_end.wait(30)
        return engine.explain(a, b)

    async def conversation(client):
        async def ask():
            done.append(await client.call_tool("explain_match", QUESTIONS["explain_match"]))

        done = []
        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            await anyio.to_thread.run_sync(begun.wait, 30)
            listed = await client.list_tools()
            was_busy = not done
            may_end.set()
        return listed, was_busy, done

    listed, was_busy, done = talk(build(Stub(engine, slow)), conversation)
    assert was_busy
    assert len(listed.tools) == len(QUESTIONS)
    assert not done[0].is_error


def test_no_more_questions_are_worked_on_at_a_time_than_there_are_cores_for(engine):
    lock, now, most = threading.Lock(), [0], [0]

    def counted(a, b):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        threading.Event().wait(0.02)
        with lock:
            now[0] -= 1
        return engine.explain(a, b)

    async def conversation(client):
        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(client.call_tool, "explain_match", QUESTIONS["explain_match"])

    talk(build(Stub(engine, counted)), conversation)
    assert most[0] == 2


def test_partners_that_left_are_not_counted(engine, encoder):
    left = with_changes(engine.fitted, [], ["p000", "p010"])
    server = build(engine.on(left, encoder))
    found = json.loads(talk(server, lambda client: client.read_resource(URI)).contents[0].text)
    assert found["partners"] == 38
    assert found["categories"]["returns"] == 2
    assert found["relations"] == {"partnership": 1}
    assert refusal(server, "get_partner_context", partner="p000").startswith("unknown_partner: ")
