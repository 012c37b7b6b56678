"""Where the Nix files of a declaration name a package: in their trees, so that no text, key or comment is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.project.root import DECLARATION
from devkeel.source import nix
from devkeel.source.nix.read.literal import static_names
from devkeel.source.nix.read.scope import enclosing_withs, is_bound
from devkeel.source.nix.read.syntax import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from devkeel.remedies.situation import Situation

__all__ = ["PackageUse", "replacement", "uses"]

_SET = "pkgs"


class PackageUse(Struct, frozen=True):
    """A use of a package.

    names: its attribute path without `pkgs`. start, ends: offsets in the file's bytes, an end for each of the names.
    explicit: whether `pkgs.` is written. opened: whether it stands in `with pkgs;`, so that a bare name is one of it.
    """

    file: str
    names: tuple[str, ...]
    start: int
    ends: tuple[int, ...]
    explicit: bool
    opened: bool


def uses(situation: Situation, name: str) -> list[PackageUse]:
    """Return where a package, or a set of them, is named: after `pkgs.`, and as an element of a list."""
    wanted = tuple(name.split("."))
    ordered = sorted(situation.files, key=lambda file: file != DECLARATION)
    return [
        use
        for file in ordered
        if file.endswith(".nix") and wanted[-1].encode() in situation.files[file]
        for use in _uses(situation.files[file], file)
        if use.names[: len(wanted)] == wanted
    ]


def replacement(situation: Situation, old: str, new: str) -> dict[str, Any] | None:
    """Return the edit that names another package; None unless the one is named once, in a line that is there once."""
    found = uses(situation, old)
    if len(found) != 1:
        return None
    use, data = found[0], situation.files[found[0].file]
    end = use.ends[old.count(".")]
    spelled = new if use.opened and not use.explicit else f"{_SET}.{new}"
    left, right = data.rfind(b"\n", 0, use.start) + 1, data.find(b"\n", end)
    line = data[left : len(data) if right < 0 else right]
    changed = b"".join((data[left : use.start], spelled.encode(), line[end - left :]))
    if changed == line or data.count(line.strip()) != 1:
        return None
    before, after = (item.strip().decode("utf-8", "replace") for item in (line, changed))
    return {"kind": "replace_text", "file": use.file, "old": before, "new": after}


def _uses(data: bytes, file: str) -> Iterator[PackageUse]:
    waiting = [nix.Document(data, file).root]
    while waiting:
        node = waiting.pop()
        use = _use(node, data, file)
        if use is not None:
            yield use
        waiting += reversed(node.named_children)


def _use(node: Node, data: bytes, file: str) -> PackageUse | None:
    """Return the use that a node is: `pkgs.a.b` anywhere, `a` or `a.b` of no binding of the file in a list."""
    path, start = None, node
    if node.type == "select_expression":
        path, inner = node.child_by_field_name("attrpath"), node.child_by_field_name("expression")
        if path is None or inner is None:
            return None
        start = inner
    if start.type != "variable_expression":
        return None
    head = text(start, data)
    ends = [child.end_byte for child in path.named_children] if path is not None else []
    static = static_names(path, data) if path is not None else ()
    names = tuple(name for name in static or () if name is not None)
    if len(names) != len(ends):
        return None
    if head == _SET:
        return PackageUse(file, names, node.start_byte, tuple(ends), explicit=True, opened=False) if names else None
    if node.parent is None or node.parent.type != "list_expression" or is_bound(node, head, data):
        return None
    opened = enclosing_withs(node, data)[:1] == [_SET]
    return PackageUse(file, (head, *names), node.start_byte, (start.end_byte, *ends), explicit=False, opened=opened)
