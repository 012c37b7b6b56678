"""Services and languages that a Nix file switches on, in whichever shape of sets it writes that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.catalogue.renames import renamed_to
from devkeel.checks.rules.named import Named
from devkeel.source.nix.read.literal import static_names
from devkeel.source.nix.read.scope import inherited
from devkeel.source.nix.read.syntax import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from devkeel.source import nix

__all__ = ["switched_on"]

_FAMILIES = {"services": "the service", "languages": "the language"}
_SETS = ("attrset_expression", "rec_attrset_expression")
# Between a set and the binding that it is the value of: what wraps it without giving it another place.
_THROUGH = frozenset(
    {
        *("parenthesized_expression", "apply_expression", "binary_expression", "if_expression", "with_expression"),
        *("let_expression", "assert_expression", "binding_set"),
    }
)
# Below these a module's own options begin.
_ABOVE = frozenset({"config", "module"})
# A switch that is off, also by `mkForce false`.
_OFF = re.compile(r"(?:.*[\s(])?false\s*\)*")


def switched_on(document: nix.Document) -> Iterator[Named]:
    """Yield the services and languages that a file switches on, or that it gives a value whose switch is not shown.

    What it switches off is left out, and so is a name that is computed.
    """
    data, waiting = document.data, [document.root]
    while waiting:
        node = waiting.pop()
        waiting += reversed(node.named_children)
        if node.type == "binding":
            path = node.child_by_field_name("attrpath")
            value = node.child_by_field_name("expression")
            if path is not None and value is not None and _in_a_set(node):
                yield from _of(document, node, (*_above(node, data), *static_names(path, data)), value)
        elif node.type in ("inherit", "inherit_from"):
            above = _above(node, data)
            for attribute, name in inherited(node, data):
                yield from _of(document, attribute, (*above, name), None)


def _of(document: nix.Document, node: Node, path: tuple[str | None, ...], value: Node | None) -> Iterator[Named]:
    own = _inner(path)
    if not own or None in own:
        return
    known = tuple(name for name in own if name is not None)
    known = renamed_to(known) or known
    family = known[0]
    if family not in _FAMILIES or len(known) not in (_NAMED, _SWITCH) or known[2:] not in ((), ("enable",)):
        return
    source = "" if value is None else text(value, document.data)
    off = known[2:] == ("enable",) and _OFF.fullmatch(source) is not None
    # A set says itself what is on in it.
    opaque = known[2:] == () and value is not None and not any(kind in source for kind in ("{",))
    if off or (known[2:] == () and value is not None and not opaque):
        return
    line = document.place(node.start_byte).line
    yield Named(family, (known[1],), f"{_FAMILIES[family]} {known[1]}", document.name, line, sure=not opaque)


_NAMED, _SWITCH = 2, 3


def _inner(path: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """Return a path within the innermost module that it leads into."""
    start = max((number + 1 for number, name in enumerate(path) if name in _ABOVE), default=0)
    inner = path[start:]
    return inner if start == 0 or path[0] in ("config", "profiles") else path


def _in_a_set(binding: Node) -> bool:
    """Return whether a binding is an attribute, and no name of a let."""
    scope = binding.parent.parent if binding.parent is not None else None
    return scope is not None and scope.type in _SETS


def _above(node: Node, data: bytes) -> tuple[str | None, ...]:
    """Return the names of the sets around a binding, up to where a set begins that is no attribute's value."""
    names: tuple[str | None, ...] = ()
    above = node.parent
    while above is not None:
        if above.type == "binding":
            path = above.child_by_field_name("attrpath")
            if path is None or not _in_a_set(above):
                return names
            names = (*static_names(path, data), *names)
        elif above.type not in _SETS and above.type not in _THROUGH:
            return names
        above = above.parent
    return names
