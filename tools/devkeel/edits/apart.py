"""Files that an edit names and that nothing imports: a definition there has no effect on the environment."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from devkeel.project.beyond import beyond
from devkeel.project.declaration import is_literal_import, read_declaration
from devkeel.project.root import DECLARATION, DECLARATION_FILES
from devkeel.source import nix
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tree_sitter import Node

    from devkeel.candidate.candidate import Candidate

__all__ = ["remarks_on_apart"]

# What brings modules into devenv without a devenv.nix, or beside it.
_BESIDE = ("flake.nix", "shell.nix", "default.nix")


def remarks_on_apart(candidate: Candidate, names: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each of the Nix files that nothing of a declaration imports, as a change leaves it.

    None where the declaration has an import that was not read, or names the file or a folder of it in any other way.
    """
    asked = [name for name in dict.fromkeys(names) if posixpath.basename(name) not in (*DECLARATION_FILES, *_BESIDE)]
    found = read_declaration(candidate) if asked else {}
    if DECLARATION not in found or beyond(candidate, found):
        return
    known = {candidate.resolve(name) for name in found}
    others = {name: candidate.read(name) or b"" for name in _BESIDE if name not in found}
    texts = {candidate.resolve(name): data for name, data in found.items()} | others
    for name in asked:
        if name in known or not is_literal_import(f"./{name}"):
            continue
        if not any(_may_name(name, file, data) for file, data in texts.items()):
            read = ", ".join(item for item in sorted(found) if item.endswith(".nix"))
            way = f"Append ./{name} to imports with {do('append')}"
            yield f"Nothing in {read} imports {name}, so that it has no effect yet. {way}."


def _may_name(name: str, file: str, data: bytes) -> bool:
    """Return whether a text has the name of a file, or a path that leads to it or to a folder that it is in."""
    if posixpath.basename(name).encode() in data:
        return True
    base = posixpath.dirname(file)
    paths = _paths(data) if file.endswith(".nix") and b"/" in data else []
    places = [posixpath.normpath(posixpath.join(base, path)) for path in paths]
    return any(place in (".", name) or name.startswith(f"{place}/") for place in places)


def _paths(data: bytes) -> Iterator[str]:
    """Yield the relative paths of a Nix text, of a computed one the folder that it begins in."""
    waiting: list[Node] = [nix.Document(data).root]
    while waiting:
        node = waiting.pop()
        waiting += node.named_children
        if node.type == "path_expression":
            source, computed, _ = data[node.start_byte : node.end_byte].decode("utf-8", "replace").partition("${")
            yield posixpath.dirname(source) if computed else source
