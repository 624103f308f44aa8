"""The tools and the resource as the official SDK serves them; the engine works on threads, the protocol never waits for it."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import orjson
from mcp import types
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from pydantic.json_schema import GenerateJsonSchema

from matchmaker import __version__
from matchmaker.errors import InternalError, MatchmakerError
from matchmaker_service.mcp.ecosystem import URI, ecosystem
from matchmaker_service.mcp.tools import TOOLS, Tool

if TYPE_CHECKING:
    from matchmaker import Matchmaker

AT_ONCE = 2
"""Questions that the engine works on at a time; more wait for their turn."""
_READ_ONLY = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_log = logging.getLogger(__name__)
_Limits = dict[str, anyio.CapacityLimiter]


def serve(model: Path) -> None:
    """Serve the bundle at `model` over stdio until stdin closes; logs go to standard error. Raises BundleError."""
    from matchmaker import Matchmaker

    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    anyio.run(_serve, build(Matchmaker.load(model)))


async def _serve(server: Server[_Limits]) -> None:
    async with stdio_server() as (reads, writes):
        await server.run(reads, writes, server.create_initialization_options())


def build(engine: Matchmaker) -> Server[_Limits]:
    """The SDK's server over `engine`."""
    handlers = _Handlers(engine)
    return Server(
        "matchmaker",
        title="Matchmaker",
        version=__version__,
        description="Partner matchmaking that scores both directions, explains itself and flags one-way streets. Read-only.",
        instructions=_instructions(engine),
        lifespan=_lifespan,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_resources,
        on_list_resource_templates=handlers.list_resource_templates,
        on_read_resource=handlers.read_resource,
    )


@asynccontextmanager
async def _lifespan(_: Server[_Limits]) -> AsyncIterator[_Limits]:
    yield {"engine": anyio.CapacityLimiter(AT_ONCE)}


def _instructions(engine: Matchmaker) -> str:
    return (
        f"Answers from an ecosystem of {engine.fitted.count:,} partners; nothing is ever changed. Partners are named by id or "
        "exact name: look an id up with find_partners. Values rank partners and are no probability of success; say so when you "
        "report them, and name the side that gets less. Fields that are absent are unknown, empty or false. "
        f"The resource {URI} lists the categories and filter fields."
    )


class _Schema(GenerateJsonSchema):
    """A JSON schema without titles, which say a field's name again: a model pays for each word it reads."""

    def field_title_should_be_set(self, schema: object) -> bool:
        """Never."""
        return False


class _Handlers:
    """What the SDK calls."""

    def __init__(self, engine: Matchmaker) -> None:
        self._engine = engine
        self._tools = [described(tool) for tool in TOOLS.values()]

    async def list_tools(
        self, context: ServerRequestContext[_Limits], asked: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=self._tools)

    async def call_tool(
        self, context: ServerRequestContext[_Limits], asked: types.CallToolRequestParams
    ) -> types.CallToolResult:
        tool = TOOLS.get(asked.name)
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"There is no such tool. Tools: {', '.join(TOOLS)}.")
        try:
            found = await anyio.to_thread.run_sync(
                tool, self._engine, asked.arguments or {}, limiter=context.lifespan_context["engine"]
            )
        except MatchmakerError as error:
            return _failed(error)
        except Exception as error:
            return _failed(_unexpected(tool.name, error))
        text = types.TextContent(type="text", text=orjson.dumps(found).decode())
        return types.CallToolResult(content=[text], structured_content=found)

    async def list_resources(
        self, context: ServerRequestContext[_Limits], asked: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        about = "Counts, model version, encoder, basis, categories and filter fields of the ecosystem in use."
        resource = types.Resource(
            uri=URI, name="ecosystem", title="The ecosystem", description=about, mime_type="application/json"
        )
        return types.ListResourcesResult(resources=[resource])

    async def list_resource_templates(
        self, context: ServerRequestContext[_Limits], asked: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=[])

    async def read_resource(
        self, context: ServerRequestContext[_Limits], asked: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        if str(asked.uri) != URI:
            raise MCPError(types.INVALID_PARAMS, f"There is no such resource. Resources: {URI}.")
        try:
            found = await anyio.to_thread.run_sync(ecosystem, self._engine, limiter=context.lifespan_context["engine"])
        except MatchmakerError as error:
            raise MCPError(types.INTERNAL_ERROR, _said(error)) from None
        text = types.TextResourceContents(uri=URI, mime_type="application/json", text=orjson.dumps(found).decode())
        return types.ReadResourceResult(contents=[text])


def described(tool: Tool) -> types.Tool:
    """A tool as clients are told of it."""
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.arguments.model_json_schema(schema_generator=_Schema),
        output_schema=tool.answer.model_json_schema(schema_generator=_Schema),
        annotations=_READ_ONLY,
    )


def _failed(error: MatchmakerError) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=_said(error))], is_error=True)


def _said(error: MatchmakerError) -> str:
    return f"{error.code}: {error}"


def _unexpected(tool: str, error: Exception) -> InternalError:
    """A broken promise as an error for the client. The log gets its kind and place; its text may hold what a client sent."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place else "nowhere"
    _log.error("%s failed: %s at %s", tool, type(error).__name__, where)
    return InternalError(f"{tool} failed inside Matchmaker ({type(error).__name__} at {where}). Please report it.")
