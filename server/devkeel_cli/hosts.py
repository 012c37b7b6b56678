"""The MCP hosts: where each keeps its servers, and what it needs to start devkeel."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from devkeel.source import Edited, compose, jsonc, toml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["HOSTS", "Host", "Places", "with_server", "without_server"]


class Places(Struct, frozen=True):
    """Where things are on this machine: the project, the user's home, and the variables that move files."""

    root: Path
    home: Path
    environment: Mapping[str, str]
    platform: str = sys.platform

    @property
    def settings(self) -> Path:
        """The directory of programs' settings."""
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        # XDG Base Directory Specification: an empty variable counts as one that is not set.
        return Path(self.environment.get("XDG_CONFIG_HOME") or self.home / ".config")


class Host(Struct, frozen=True):
    """A host. file: its configuration. key: under which servers are. root: how it names the project.

    shared: whether the file belongs to the project, so that it must not name this machine's paths.
    """

    file: Callable[[Places], Path]
    key: str
    root: Literal["own", "variable", "path"]
    shared: bool = False
    kind: Literal["json", "toml"] = "json"
    says_type: bool = False

    def entry(self, root: Path, command: str, options: tuple[str, ...]) -> dict[str, Any]:
        """Return what the host needs to start the server."""
        before = {"own": [], "variable": ["--root", "${workspaceFolder}"], "path": ["--root", str(root)]}[self.root]
        arguments = {"command": "devkeel" if self.shared else command, "args": [*before, "serve", *options]}
        return ({"type": "stdio"} if self.says_type else {}) | arguments


def _codex(places: Places) -> Path:
    return Path(places.environment.get("CODEX_HOME") or places.home / ".codex") / "config.toml"


def _zed(places: Places) -> Path:
    base = places.home / ".config" if places.platform == "darwin" else places.settings
    return base / "zed" / "settings.json"


HOSTS = {
    # Claude Code tells the server its project in CLAUDE_PROJECT_DIR.
    "claude-code": Host(lambda places: places.root / ".mcp.json", "mcpServers", "own", shared=True),
    "claude-desktop": Host(
        lambda places: places.settings / "Claude" / "claude_desktop_config.json", "mcpServers", "path"
    ),
    "vscode": Host(
        lambda places: places.root / ".vscode" / "mcp.json", "servers", "variable", shared=True, says_type=True
    ),
    "cursor": Host(lambda places: places.root / ".cursor" / "mcp.json", "mcpServers", "variable", shared=True),
    "gemini-cli": Host(lambda places: places.root / ".gemini" / "settings.json", "mcpServers", "own", shared=True),
    "codex": Host(_codex, "mcp_servers", "path", kind="toml"),
    "zed": Host(_zed, "context_servers", "path"),
}


def with_server(host: Host, name: str, data: bytes, server: str, entry: dict[str, Any]) -> Edited:
    """Return a configuration with the server in it; of an entry that is there, other keys stay as they are.

    name: what errors call the file. Raises Refused where the file does not parse or has something else in the way.
    """
    editor: Any = toml if host.kind == "toml" else jsonc
    steps: list[Edited] = []
    for key, value in entry.items():
        now = steps[-1].data if steps else data
        steps.append(editor.set(editor.Document(now, name), (host.key, server, key), value))
    return compose(data, steps)


def without_server(host: Host, name: str, data: bytes, server: str) -> Edited:
    """Return a configuration without the server; where there is none, as it is. Raises Refused as `with_server`."""
    editor: Any = toml if host.kind == "toml" else jsonc
    try:
        steps = [editor.unset(editor.Document(data, name), (host.key, server))]
    except KeyError:
        return Edited(data)
    if host.kind == "json" and not jsonc.get(steps[0].data, (host.key,)):
        steps.append(jsonc.unset(steps[0].data, (host.key,)))
    return compose(data, steps)
