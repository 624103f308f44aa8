"""A read-only MCP server over one bundle: `matchmaker mcp` (docs/mcp.md).

arguments ─► tools (the engine, on a thread) ─► answers ─► protocol (the SDK, stdio)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from matchmaker.errors import MissingExtraError

if TYPE_CHECKING:
    from mcp.server import Server

    from matchmaker import Matchmaker


def run(model: Path) -> None:
    """Serve the bundle at `model` over stdio until stdin closes. Raises BundleError, MissingExtraError."""
    _need_sdk()
    from matchmaker_service.mcp.protocol import serve

    serve(model)


def server(engine: Matchmaker) -> Server[Any]:
    """The SDK's server object with every tool and resource, for any transport. Raises MissingExtraError."""
    _need_sdk()
    from matchmaker_service.mcp.protocol import build

    return build(engine)


def _need_sdk() -> None:
    try:
        import mcp  # noqa: F401 - only whether it is there
    except ImportError:
        raise MissingExtraError(
            "The MCP server needs the official SDK, which is not installed: pip install 'matchmaker[mcp]'."
        ) from None
