"""Development shells that a library of flakes finds by the names of their files: blueprint, snowfall-lib.

numtide/blueprint, lib/default.nix: `devshell.nix` and `devshells/NAME.nix` below `prefix`, called with `pkgs` among
others. snowfallorg/lib, snowfall-lib/shell: `shells/NAME/default.nix` below `snowfall.root`, called as by callPackage.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from devkeel.source.nix.read.literal import read_value
from devkeel.source.nix.read.shell_makers import ShellCall, call_of
from devkeel.source.nix.read.syntax import text
from devkeel.source.nix.read.values import attribute_of, bare, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node

__all__ = ["conventional_files"]

_SNOWFALL = "snowfall"


def conventional_files(call: ShellCall, data: bytes, names: Iterable[str]) -> Iterator[tuple[str, list[str], bool]]:
    """Yield, for each name of a shell, the files that may make it, the first one first, relative to the flake.

    names: the shells that are looked for. The last item says whether callPackage gives the file its arguments.
    """
    if call.name == "blueprint":
        prefix = _folder(attribute_of(call.arguments[-1], ("prefix",), data), data)
        for name in names if prefix is not None else ():
            own = [f"devshells/{name}.nix", f"devshells/{name}/default.nix"]
            files = ["devshell.nix", *own] if name == "default" else own
            yield name, [posixpath.normpath(posixpath.join(prefix or "", file)) for file in files], False
    elif call.name == "mkFlake" and (given := _given_to_snowfall(call, data)):
        root = _folder(_first(given, ("snowfall", "root"), data), data)
        for name in names if root is not None else ():
            meant = _text_of(_first(given, ("alias", "shells", name), data), data) or name
            yield name, [posixpath.normpath(posixpath.join(root or "", "shells", meant, "default.nix"))], True


def _given_to_snowfall(call: ShellCall, data: bytes) -> list[Node]:
    """Return what snowfall-lib's mkFlake is given, and before it its mkLib; nothing where it is another mkFlake."""
    if _SNOWFALL in call.owner(data):
        return [call.arguments[-1]]
    base = bare(call.base) if call.base is not None else None
    value = value_of(base, text(base, data), data) if base is not None and base.type == "variable_expression" else None
    made = call_of(bare(value), data) if value is not None else None
    known = made is not None and made.name == "mkLib" and _SNOWFALL in made.owner(data)
    return [call.arguments[-1], made.arguments[-1]] if known and made is not None else []


def _first(given: list[Node], names: tuple[str, ...], data: bytes) -> list[Node]:
    return next((found for node in given if (found := attribute_of(node, names, data))), [])


def _text_of(nodes: list[Node], data: bytes) -> str | None:
    found = read_value(bare(nodes[0]), data) if nodes else None
    return found if isinstance(found, str) else None


def _folder(nodes: list[Node], data: bytes) -> str | None:
    """Return the folder that a path or a text names, `""` where none is given; None where it is computed."""
    if not nodes:
        return ""
    node = bare(nodes[0])
    found = text(node, data) if node.type == "path_expression" else _text_of(nodes, data)
    return found if found is not None and "${" not in found and not found.startswith(("/", "~")) else None
