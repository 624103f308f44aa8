"""An assistant that asks a server: the SDK's own client, in the same process or over the pipes of a real one."""

import json
import sys

import anyio
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

COMMAND = ["-m", "matchmaker.cli.app", "mcp", "--model"]
QUESTIONS = {
    "find_partner_recommendations": {"partner": "p000", "k": 3},
    "explain_match": {"a": "p000", "b": "p011"},
    "find_partners": {"query": "Returns House"},
    "get_partner_context": {"partner": "p000"},
    "find_similar_partners": {"like": ["p000"], "unlike": ["p001"], "k": 3},
    "score_pairs": {"pairs": [["p000", "p001"], ["p000", "nobody"]]},
    "find_integration_gaps": {"partner": "p000", "k": 3},
    "find_account_overlaps": {"partner": "p000", "k": 3},
    "find_collisions": {"partner": "p000", "k": 3},
}
"""One question to each tool that the ecosystem of tests/conftest.py can answer."""


def talk(server, conversation, **options):
    """What `conversation`, an async function of a client, returns; any hang fails."""

    async def run():
        with anyio.fail_after(60):
            async with Client(server, **options) as client:
                return await conversation(client)

    return anyio.run(run)


def process(model, errors=sys.stderr):
    """`matchmaker mcp` as a client starts it."""
    return stdio_client(StdioServerParameters(command=sys.executable, args=[*COMMAND, str(model)]), errlog=errors)


def call(server, name, **arguments):
    """The result of one tool."""
    return talk(server, lambda client: client.call_tool(name, arguments))


def answer(server, name, **arguments):
    """The structured answer of one tool; its text says the same."""
    found = call(server, name, **arguments)
    assert not found.is_error, found.content[0].text
    assert json.loads(found.content[0].text) == found.structured_content
    return found.structured_content


def refusal(server, name, **arguments):
    """The sentence with which one tool refuses."""
    found = call(server, name, **arguments)
    assert found.is_error
    assert found.structured_content is None
    assert len(found.content) == 1
    return found.content[0].text
