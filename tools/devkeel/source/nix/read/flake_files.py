"""The files of a flake: those that its expressions name by a literal path, each parsed once."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from devkeel.source.nix.read.document import Document
from devkeel.source.nix.read.syntax import text
from devkeel.source.nix.read.values import bare

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

__all__ = ["FlakeFiles", "named_files"]

# nix, src/libexpr/lexer.l: `./a`, `../a` and `a/b` are relative to the file; `/a` and `~/a` are not.
_FILE = re.compile(r"[\w.+-]+(?:/[\w.+-]+)*/?")


_MAX_FILES = 300


def named_files(read: Callable[[str], bytes | None], name: str) -> dict[str, bytes]:
    """Return the Nix files that a flake names by literal paths, and those that these name; the flake is not one."""
    files, waiting, found = FlakeFiles(read), [name], dict[str, bytes]()
    while waiting and len(found) < _MAX_FILES:
        document = files.module(waiting.pop())
        if document is None or document.name in found:
            continue
        found[document.name] = document.data
        nodes = [document.root]
        while nodes:
            node = nodes.pop()
            nodes += node.named_children
            other = files.named_by(document, node) if node.type == "path_expression" else None
            waiting += [other.name] if other is not None else []
    found.pop(name, None)
    return found


class FlakeFiles(Struct):
    """The files by their names. read: the bytes of one, None where there is none."""

    read: Callable[[str], bytes | None]
    documents: dict[str, Document | None] = field(default_factory=dict)

    def open(self, name: str) -> Document | None:
        """Return a file."""
        if name not in self.documents:
            data = self.read(name)
            self.documents[name] = None if data is None else Document(data, name, module=False)
        return self.documents[name]

    def named_by(self, document: Document, node: Node) -> Document | None:
        """Return the file that a literal path in another file names; of a directory its default.nix."""
        node = bare(node)
        source = text(node, document.data)
        if node.type != "path_expression" or _FILE.fullmatch(source) is None:
            return None
        name = posixpath.normpath(posixpath.join(posixpath.dirname(document.name), source))
        names = [name] if name.endswith(".nix") else [posixpath.join(name, "default.nix"), name]
        return next((found for each in names if (found := self.module(each)) is not None), None)

    def module(self, name: str) -> Document | None:
        """Return a file of the project that parses, by its path; None where there is none."""
        name = posixpath.normpath(name)
        found = self.open(name) if name != ".." and not name.startswith("../") else None
        return found if found is not None and found.expression is not None and not found.syntax_problems else None
