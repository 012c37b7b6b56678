"""The `devkeel` command: a thin client of the devkeel library; only `serve` loads the server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """Run `devkeel` with the process's arguments and exit."""
    match sys.argv[1:]:
        case ["guard", "--host", ("claude-code" | "codex" | "cursor" | "gemini-cli" | "vscode") as host]:
            from devkeel_cli.hooks.answering import main as answer  # noqa: PLC0415  (a hook: without the 50 ms of the rest)

            answer(host)
        case ["hook", "--host", ("claude-code" | "codex" | "gemini-cli" | "vscode") as host]:
            from devkeel_cli.hooks.sessions import main as enter  # noqa: PLC0415  (as above: 50 ms)

            enter(host)
    from devkeel_cli.run import main as run  # noqa: PLC0415  (50 ms that a hook need not wait for)

    run()
