"""docs/mcp.md tells every tool, argument, limit and resource, and nothing that is not there."""

import json
import re

from matchmaker_service.mcp import arguments
from matchmaker_service.mcp.ecosystem import URI
from matchmaker_service.mcp.protocol import AT_ONCE
from matchmaker_service.mcp.tools import TOOLS
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "mcp.md").read_text()


def rows(heading):
    """Cells of the table below a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_every_tool_is_told_with_its_arguments_and_their_defaults():
    told = {}
    for cell, *_ in rows("Tools"):
        name, given = re.fullmatch(r"`(\w+)\((.*)\)`", cell).groups()
        told[name] = dict((*one.strip().split("="), "needed")[:2] for one in given.split(","))
    real = {
        name: {
            argument: "needed" if field.is_required() else str(field.get_default(call_default_factory=True))
            for argument, field in tool.arguments.model_fields.items()
        }
        for name, tool in TOOLS.items()
    }
    assert told == real


def test_every_limit_is_told():
    told = {limit for _, limit in rows("Limits")}
    sizes = (arguments.MOST, arguments.MOST_PAIRS, arguments.MOST_FILTERS, arguments.MOST_EXAMPLES, AT_ONCE)
    assert told == {f"{one:,}" for one in (*sizes, arguments.LONGEST, arguments.LONGEST_QUERY)}


def test_the_resource_is_told():
    assert f"`{URI}`" in PAGE


def test_the_configuration_is_json_that_starts_the_command():
    (block,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    (server,) = json.loads(block)["mcpServers"].values()
    assert (server["command"], server["args"][0]) == ("matchmaker", "mcp")
