"""Adding packages to, and removing them from, a package that holds packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.source.nix.read.holders import element_name, held, holder_of_file, holders_in, lists_of
from devkeel.source.nix.read.list_parts import elements
from devkeel.source.nix.read.literal import Expression
from devkeel.source.nix.read.scope import enclosing_withs, is_bound, undefined_in
from devkeel.source.nix.read.syntax import text
from devkeel.source.nix.write.lists import put_into
from devkeel.source.nix.write.packages import package_name
from devkeel.source.splice import Edited, Splice, apply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.holders import Holder
    from devkeel.source.nix.read.literal import Value

__all__ = ["hold", "hold_inside", "release", "release_inside"]


def hold(document: Document, holder: Holder, names: list[str]) -> Edited:
    """Add the packages that are not held, each spelt as its list spells them."""
    node, known, sure = _list(document, holder), held(document, holder), held(document, holder, certain=True)
    wanted = list(dict.fromkeys(map(package_name, names)))
    notes = [f"{name} is already in {_told(document, holder)}." for name in wanted if name in sure]
    new = [name for name in wanted if name not in sure]
    notes += [f"{name} was there under a condition only; that stays beside it." for name in new if name in known]
    spelt: list[Value] = [Expression(_spelt(node, name, document.data, holder.prefix)) for name in new]
    splices = put_into(document.group(node), spelt) if spelt else []
    return _proven(document, holder, apply(document.data, splices, notes), [*known, *new])


def release(document: Document, holder: Holder, names: list[str]) -> Edited:
    """Remove the packages that are held."""
    known, data, splices = held(document, holder), document.data, list[Splice]()
    wanted = list(dict.fromkeys(map(package_name, names)))
    notes = [f"{name} is not in {_told(document, holder)}." for name in wanted if name not in known]
    for part in lists_of(document, holder):
        hits = [item for item in part.items if element_name(item, data, holder.prefix) in wanted]
        if hits and (part.opaque or part.single or part.shared):
            raise document.refuse(
                "opaque_value", "It stands where it may mean something else than an element.", hits[0]
            )
        group = document.group(part.node) if hits else None
        if group is not None and len(hits) == len(group.items) and group.one_line and not group.comments:
            splices.append(Splice(group.opening, group.closing, b" "))
        elif group is not None:
            splices += group.remove(*hits)
    left = [name for name in known if name not in wanted]
    return _proven(document, holder, apply(data, splices, notes), left)


def hold_inside(document: Document, inside: str, names: Iterable[str]) -> Edited:
    """Add packages to what has some of its own, named by its package, its variable or the option that it is in."""
    return hold(document, _meant(document, inside), [*names])


def release_inside(document: Document, inside: str, names: Iterable[str]) -> Edited:
    """Remove packages from what has some of its own."""
    return release(document, _meant(document, inside), [*names])


def _meant(document: Document, inside: str) -> Holder:
    found = [holder for holder in holders_in(document) if holder.node is not None and holder.is_meant_by(inside)]
    if len({holder.options for holder in found}) > 1:
        raise document.refuse("ambiguous", f"Several places make {inside} with packages.", found[1].node)
    if not found:
        name = package_name(inside)
        raise document.refuse(
            "not_found",
            f"packages has no {name}.withPackages (ps: [ … ]).",
            None,
            f"Append the expression pkgs.{name}.withPackages (ps: [ ps.NAME ]) to packages.",
        )
    return found[0]


def _told(document: Document, holder: Holder) -> str:
    return f"{holder.owners[0] if holder.owners else 'the list'} of {document.name}"


def _list(document: Document, holder: Holder) -> Node:
    if holder.node is None:
        raise document.refuse("not_found", "There is no list of packages.", None)
    return holder.node


def _spelt(at: Node, name: str, data: bytes, prefix: str) -> str:
    """Return a package as the list spells it: bare inside `with ps`, else with its prefix."""
    own, items = enclosing_withs(at, data), elements(at)
    inner = own[:1]
    bare = inner in ([prefix], [f"pkgs.{prefix}"]) and not is_bound(at, name.split(".", maxsplit=1)[0], data)
    if bare and not name.startswith('"'):
        return name
    outer = any(text(item, data).startswith(f"pkgs.{prefix}.") for item in items)
    set_of_pkgs = prefix.endswith("Packages") and inner != ["pkgs"] and not is_bound(at, prefix, data)
    return f"pkgs.{prefix}.{name}" if outer or set_of_pkgs else f"{prefix}.{name}"


def _proven(document: Document, holder: Holder, edited: Edited, wanted: list[str]) -> Edited:
    """Return the edit when its lists have what is wanted, and every byte outside is as it was; else raise Refused."""
    body = holder.body
    if not edited.changed or body is None:
        return edited
    data, after = document.data, document.after(edited)
    found = after.syntax_problems or [
        item for span in edited.spans for item in undefined_in(after.root, after.data, span)
    ]
    known = (item for item in holders_in(after) if item.body is not None and item.body.start_byte == body.start_byte)
    same = (next(known, None) if holder.owners else holder_of_file(after)) if not found else None
    if same is not None and same.body is not None:
        tail = after.data[same.body.end_byte :] == data[body.end_byte :]
        head = after.data[: body.start_byte] == data[: body.start_byte]
        if head and tail and sorted(held(after, same)) == sorted(wanted):
            return edited
    why = found[0].message if found else "the result would not say what was asked for"
    raise document.refuse("unproven", f"This edit is not safe in this file: {why}. Nothing was changed.", body)
