"""Values of one option that the module system does not merge: it takes one, and two places of a declaration differ.

What it does is judged by the type (nixpkgs, lib/types.nix) and the priority (lib/modules.nix, `filterOverrides`).
Whatever is computed, conditional or set round by a priority of its own is not judged: it may hold. Of expressions those
are judged that are certain to be packages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.catalogue.locked_options import open_catalogue
from devkeel.catalogue.merging import conflict, takes_one_package
from devkeel.checks.options import option_tree
from devkeel.errors import Diagnostic
from devkeel.project.beyond import beyond
from devkeel.project.declaration import always_imported
from devkeel.project.root import LOCK
from devkeel.source import nix
from devkeel.source.nix.read.layers import PRIORITIES, call, strength
from devkeel.source.nix.read.literal import Style, print_element
from devkeel.source.nix.read.packages import selected
from devkeel.source.nix.read.scope import binder_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tree_sitter import Node

    from devkeel.candidate.candidate import Candidate
    from devkeel.catalogue.types import OptionType
    from devkeel.checks.modules import World
    from devkeel.errors import Severity

__all__ = ["check_conflicts"]

_OVERRIDE = re.compile(r"\(*\s*(?:[\w.]+\.)?mkOverride\s+(\d+)\s")
_PRIORITY = re.compile(r"\bmk(?:Override|Force|Default|VMOverride|OptionDefault|Order|Before|After)\b")
# Alone in its place: what a definition of a module may stand in, so that nothing round it decides about it.
_PLAIN = frozenset({"binding", "binding_set", "attrset_expression", "rec_attrset_expression", "source_code"})
_BODIES = frozenset({"let_expression", "with_expression", "assert_expression", "function_expression"})
_SHOWN = 60


def check_conflicts(subject: Candidate, world: World) -> Iterator[Diagnostic]:
    """Yield an error for each option that has two different values where the module system takes one.

    A warning where the declaration has modules that were not read: one of them may force a third value.
    """
    groups = _groups(subject, world)
    if not groups:
        return
    tree = option_tree(open_catalogue(subject.locks.get(LOCK)))
    severity: Severity | None = None
    for path, sites in groups.items():
        found = tree.find(path)
        within = found.option.type if found.option is not None else ""
        if found.kind not in ("option", "inside") or "convertible to" in within or world.declares(path):
            continue
        pair = _pair(found.type, sites)
        if pair is not None:
            severity = severity or ("warning" if beyond(subject, subject.files) else "error")
            yield _diagnostic(path, pair, found.type.phrase, severity, subject.before)


class _Site(Struct, frozen=True):
    """A definition in a module that is imported whatever holds. priority: the lower, the stronger; None: not clear."""

    document: nix.Document
    item: nix.Definition
    priority: int | None

    @property
    def place(self) -> str:
        """File and line."""
        place = self.document.place(self.item.node.start_byte)
        return f"{place.file}:{place.line}"


def _groups(subject: Candidate, world: World) -> dict[nix.AttrPath, list[_Site]]:
    """Return the definitions of each option that has several, where all of them are certain to count."""
    always = always_imported(subject, subject.files)
    found, unclear = dict[nix.AttrPath, list[_Site]](), set[nix.AttrPath]()
    for document in world.modules:
        for item in document.focus(()).bindings:
            if item.entered or not item.path:
                unclear |= {item.path} if item.layers is not None and item.layers.priority is not None else set()
                continue
            site = _Site(document, item, _priority(document, item))
            if item.layers is not None and item.layers.priority is not None:
                unclear.add(item.path)
            found.setdefault(item.path, []).append(site)
            if document.name not in always or item.conditions:
                unclear.add((*item.path, ""))
            if item.computed:
                unclear.add(item.path)
    return {
        path: sites
        for path, sites in found.items()
        if len(sites) > 1
        and (*path, "") not in unclear
        and not any(path[:size] in unclear for size in range(1, len(path)))
        and all(site.priority is not None and _is_alone(site) for site in sites)
    }


def _priority(document: nix.Document, item: nix.Definition) -> int | None:
    if item.value is None or item.layers is None or item.layers.name is not None:
        return None
    source = document.source(item)
    count = len(_PRIORITY.findall(source[: len(source) - len(_core(document, item))]))
    if item.layers.priority == "mkOverride" and count == 1:
        match = _OVERRIDE.match(source)
        return int(match[1]) if match else None
    known = item.layers.priority is None or item.layers.priority in PRIORITIES
    return strength(item.layers) if known and count <= 1 else None


def _core(document: nix.Document, item: nix.Definition) -> str:
    core = item.layers.core if item.layers is not None else item.node
    return document.data[core.start_byte : core.end_byte].decode("utf-8", "replace")


def _is_alone(site: _Site) -> bool:
    """Return whether nothing round a definition decides whether it counts, or replaces it."""
    node: Node | None = site.item.node
    while node is not None and node.parent is not None:
        parent = node.parent
        body = parent.child_by_field_name("body") if parent.type in _BODIES else None
        merges = parent.type == "list_expression" or (
            parent.type == "apply_expression"
            and call(parent, site.document.data)[0] == "mkMerge"
            and parent.child_by_field_name("argument") == node
        )
        if not (parent.type in _PLAIN or merges or parent.type == "parenthesized_expression" or body == node):
            return False
        node = parent
    return True


def _pair(type_: OptionType, sites: list[_Site]) -> tuple[_Site, _Site] | None:
    """Return the first two of the strongest definitions that differ."""
    strongest = min(site.priority or 0 for site in sites)
    chosen = [site for site in sites if site.priority == strongest]
    return next(
        (
            (chosen[one], chosen[other])
            for other in range(1, len(chosen))
            for one in range(other)
            if chosen[one].item.container.node != chosen[other].item.container.node  # that is no Nix, and said already
            and _clash(type_, chosen[one], chosen[other])
        ),
        None,
    )


def _clash(type_: OptionType, one: _Site, other: _Site) -> bool:
    values = [site.document.value(site.item) for site in (one, other)]
    if takes_one_package(type_) and (_is_package(one) or _is_package(other)):
        return all(_is_package(site) or site.document.value(site.item) is None for site in (one, other))
    return conflict(type_, *values)


def _is_package(site: _Site) -> bool:
    """Return whether a value is a package of a package set, or what a function of one makes: `pkgs.x.override { }`."""
    node, data = site.item.layers.core if site.item.layers is not None else None, site.document.data
    while node is not None and node.type == "apply_expression":
        node = node.child_by_field_name("function")
    found = selected(node, data) if node is not None else None
    if node is None or found is None:
        return False
    root, path = found
    # What `lib` makes may have a priority or a condition.
    return root.startswith("pkgs") and "lib" not in path and binder_of(node, root, data) is not None


def _diagnostic(
    path: nix.AttrPath,
    pair: tuple[_Site, _Site],
    phrase: str,
    severity: Severity,
    before: Mapping[str, bytes | None],
) -> Diagnostic:
    """Return the finding, at the second of the places; either value may be the one that is meant."""
    first, second = pair
    name = nix.format_path(path)
    said = [nix.print_value(site.document.value(site.item))[:_SHOWN] for site in (second, first)]
    edits = (*_prevailing(name, second, first, before), *_prevailing(name, first, second, before))
    return Diagnostic(
        "conflicting_definitions",
        severity,
        f"{name} is {said[0]} here and {said[1]} in {first.place}, which its type ({phrase}) does not merge",
        "schema",
        second.document.place(second.item.node.start_byte),
        name,
        tuple(sorted(edits, key=lambda edit: "value" in edit)),
    )


def _prevailing(name: str, site: _Site, other: _Site, before: Mapping[str, bytes | None]) -> list[dict[str, Any]]:
    """Return the edits with which one value prevails: by its priority, or because both places have it."""
    if site.document.name == other.document.name or site.priority != strength(None):
        return []
    value = site.document.value(site.item)
    same = {"kind": "set", "path": name, "value": value, "file": other.document.name}
    if isinstance(value, nix.Expression) or _is_package(other):  # which are refused also where they are the same
        same = {"kind": "unset", "path": name, "file": other.document.name}
    forced = f"lib.mkForce {print_element(value, Style())}"
    prevailing = {"kind": "set", "path": name, "expression": forced, "file": site.document.name}
    if _defined(site, before.get(site.document.name)):
        # The value of before is there again where the change is refused, and would contradict the other place's.
        return [prevailing]
    return [prevailing, same]


def _defined(site: _Site, before: bytes | None) -> bool:
    """Return whether the file had a definition of the option before it was changed."""
    if before is None:
        return False
    document = nix.Document(before, site.document.name)
    return any(item.path == site.item.path for item in document.focus(()).bindings)
