"""A tree that a person or an agent names by its address, fetched into the store; nothing of it is evaluated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import Unavailable
from devkeel.nix_cli.settings import run_nix
from devkeel.runtime import find_program
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FetchedTree", "fetch_tree"]

_OUTPUT, _SHOWN = 64 * 1024, 300
# `fetch-tree` is what allows it in a newer Nix, `flakes` in an older one (nix, src/libutil/experimental-features.cc).
_OPTIONS = ("--option", "experimental-features", "flakes fetch-tree", "--option", "restrict-eval", "false")


class FetchedTree(Struct, frozen=True):
    """A tree in the store. revision: the commit that it is of, where it is of one."""

    path: Path
    revision: str | None


def fetch_tree(arguments: Mapping[str, Any], timeout: float) -> FetchedTree:
    """Fetch what the arguments of fetchTree name, and return where it is.

    timeout: seconds. Raises Unavailable `tool_missing`, `template_not_fetched`.
    """
    program = find_program("nix-instantiate")
    if program is None:
        raise Unavailable(
            "tool_missing",
            "Fetching takes Nix, and nix-instantiate is not installed.",
            seen="nix-instantiate",
            remedy="Install Nix, then repeat the call; or fetch it yourself, and name the directory.",
        )
    # Made of data alone.
    call = f"builtins.fetchTree (builtins.fromJSON {nix.print_value(json.dumps(dict(arguments)))})"
    text = f'let tree = {call}; in {{ path = "${{tree.outPath}}"; revision = tree.rev or null; }}'
    argv = (
        program,
        "--eval",
        "--strict",
        "--json",
        "--read-write-mode",
        *_OPTIONS,
        "--option",
        "plugin-files",
        "",
        "-",
    )
    told = run_nix(argv, stdin=text.encode(), timeout=timeout, cwd=Path("/"), limit=_OUTPUT)
    if told.returncode:
        reason = " ".join(told.stderr.decode("utf-8", "replace").rpartition("error:")[2].split())
        raise Unavailable(
            "template_not_fetched",
            f"The template could not be fetched: {reason[:_SHOWN]}",
            remedy="Look whether the address is right and can be reached, then repeat the call.",
        )
    found = json.loads(told.stdout)
    return FetchedTree(Path(found["path"]), found["revision"])
