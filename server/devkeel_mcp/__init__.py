"""The MCP server: a thin client of the devkeel library, and the only importer of `mcp`."""

from devkeel_mcp.app import build_server, serve

__all__ = ["build_server", "serve"]
