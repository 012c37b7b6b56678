"""The MCP server: a thin client of the devkeel library, and the only importer of `mcp`."""

from devkeel_mcp.app import build_server, serve
from devkeel_mcp.calls.callers import require_roles
from devkeel_mcp.calls.offer import Offer

__all__ = ["Offer", "build_server", "require_roles", "serve"]
