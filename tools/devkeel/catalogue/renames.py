"""Options that devenv has renamed: the old name still works, with a warning.

From the `mkRenamedOptionModule` declarations of devenv 2.2; a name stands for everything below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.source.option_glob import related

if TYPE_CHECKING:
    from devkeel.source.option_glob import OptionGlob
    from devkeel.source.path import AttrPath

__all__ = ["old_names", "renamed_to"]

_SERVICES = [
    "adminer",
    "blackfire",
    "caddy",
    "cassandra",
    "elasticsearch",
    "memcached",
    "mongodb",
    "mysql",
    "postgres",
    "rabbitmq",
    "redis",
]
_RENAMED: dict[str, str] = {
    **{f"{name}.enable": f"services.{name}.enable" for name in _SERVICES},
    "configurations": "machines",
    "devenv.cliVersion": "devenv.cli.version",
    "languages.haskell.languageServer": "languages.haskell.lsp.package",
    "languages.helm.languageServer.enable": "languages.helm.lsp.enable",
    "languages.helm.languageServer.package": "languages.helm.lsp.package",
    "languages.rust.packages": "languages.rust.toolchain",
    "languages.zig.zls.package": "languages.zig.lsp.package",
    "pre-commit": "git-hooks",
    "process-managers": "process.managers",
    "process.after": "process.manager.after",
    "process.before": "process.manager.before",
    "process.implementation": "process.manager.implementation",
    "process.process-compose.port": "process.managers.process-compose.port",
    "process.process-compose.tui": "process.managers.process-compose.tui.enable",
    "process.process-compose.unix-socket": "process.managers.process-compose.unixSocket.path",
    "processManagerCommand": "process.manager.command",
}
_BY_PATH = {tuple(old.split(".")): tuple(new.split(".")) for old, new in _RENAMED.items()}
_LONGEST = max(map(len, _BY_PATH))


def renamed_to(path: AttrPath) -> AttrPath | None:
    """Return the path that replaces an old one, or None for a path that is not renamed."""
    for size in range(1, min(len(path), _LONGEST) + 1):
        new = _BY_PATH.get(path[:size])
        if new is not None:
            return (*new, *path[size:])
    return None


def old_names(path: OptionGlob) -> list[OptionGlob]:
    """Return the old paths that set an option, or a part of what is at and below it."""
    return [(*old, *path[len(new) :]) for old, new in _BY_PATH.items() if related(new, path)]
