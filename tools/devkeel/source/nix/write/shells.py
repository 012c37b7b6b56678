"""Packages of a development shell: in the list of it that its author uses, in the spelling that is used there."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from devkeel.errors import Refused
from devkeel.source.nix.read.equality import key
from devkeel.source.nix.read.list_parts import elements, find_list, lists_inside, parts
from devkeel.source.nix.read.literal import Expression
from devkeel.source.nix.read.packages import files_own, meaning, other_meanings, variant
from devkeel.source.nix.read.scope import binder_of, bound_names, enclosing_withs, is_bound
from devkeel.source.nix.read.syntax import parse
from devkeel.source.nix.write import packages
from devkeel.source.nix.write.head import insert_formals
from devkeel.source.nix.write.lists import Spelling, add, remove
from devkeel.source.path import format_path, parse_path
from devkeel.source.splice import Edited, compose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.literal import Value
    from devkeel.source.nix.read.shells import Shell
    from devkeel.source.path import AttrPath
    from devkeel.source.splice import Splice

__all__ = ["add_to_shell", "remove_from_shell", "shell_packages"]

# nixpkgs, pkgs/build-support/mkshell/default.nix: `packages` are joined to nativeBuildInputs.
_LISTS: dict[str, tuple[AttrPath, ...]] = {
    "shell": (("packages",), ("nativeBuildInputs",), ("buildInputs",)),
    "derivation": (("nativeBuildInputs",), ("buildInputs",)),
    # numtide/devshell, modules/devshell.nix: `packages` is another name of `devshell.packages`.
    "module": (("packages",), ("devshell", "packages")),
    "devenv": (("packages",),),
}
_SET = re.compile(r"nixpkgs|pkgs|legacyPackages")


def add_to_shell(shell: Shell, names: list[str]) -> tuple[Edited, AttrPath]:
    """Add packages to a shell; return the edit of its file with the list that they are in. Raises Refused."""
    part = require_part(shell)
    if _is_file_of_devenv(shell, part):
        return packages.add_packages(part, names), packages.PACKAGES
    values = [packages.requested(name) for name in names]
    notes = list[str]()
    missing: dict[str, Value] = {}
    for name, value in zip(names, values, strict=True):
        there = next((path for path in _paths(shell) if _has(shell, part, path, value)), None)
        if there is None:
            missing[name] = value
        else:
            notes.append(f"{name} is already in {format_path(there[-1:])}.")
    if not missing:
        return Edited(part.data, notes=tuple(notes)), _paths(shell)[0]
    first: Refused | None = None
    for path in _order(shell, part):
        try:
            edited = add(part, path, [*missing.values()], spelling=_spelling(shell, part, path), keep_sorted=True, listed=True)
        except Refused as error:
            first = first or error
        else:
            return Edited(edited.data, edited.spans, edited.splices, (*edited.notes, *notes)), path
    raise first or part.refuse("opaque_value", "The shell has no list of packages.", shell.place)


def remove_from_shell(shell: Shell, name: str) -> Edited:
    """Remove a package from every list of a shell. Nothing there is no change. Raises Refused."""
    part = require_part(shell)
    if _is_file_of_devenv(shell, part):
        return packages.remove_packages(part, [name])
    current: Document = part
    steps, notes = list[Edited](), list[str]()
    for path in _paths(shell):
        if not _definitions(part, path):
            continue
        spelling = _spelling(shell, current, path)
        step = remove(current, path, [packages.requested(name)], spelling=spelling)
        notes += [note for note in step.notes if "not looked at" in note]
        steps.append(Edited(step.data, step.spans, step.splices))
        current = current.after(step) if step.changed else current
    edited = compose(part.data, steps)
    return Edited(edited.data, edited.spans, edited.splices, () if edited.changed else tuple(notes[:1]))


def require_part(shell: Shell) -> Document:
    """Return what of a shell is edited. Raises Refused where that is not known."""
    if shell.part is None or shell.why is not None:
        raise shell.document.refuse(
            shell.code, f"The packages of {shell.spelled} cannot be seen: {shell.why or 'it has no list'}.", shell.place
        )
    return shell.part


def shell_packages(shell: Shell) -> Iterator[tuple[str, int]]:
    """Yield the packages that a shell lists, by name, each with its line; what is no plain name as its source."""
    part = shell.part
    if part is None:
        return
    for path in _paths(shell):
        spelling = _spelling(shell, part, path, writes=False)
        for item in _definitions(part, path):
            for piece in parts(item.value, part.data) if item.value is not None else ():
                inner = [child for found in lists_inside(piece.node) for child in elements(found)]
                for node in piece.items or inner:
                    value = spelling.read(node, part.data)
                    if isinstance(value, Expression):
                        name = value.source.removeprefix("<bound> ").removeprefix("<unbound> ")
                        yield name, node.start_point[0] + 1


def _is_file_of_devenv(shell: Shell, part: Document) -> bool:
    """Return whether the shell's module is a file of its own, which is edited as any other module is."""
    return shell.kind == "devenv" and not shell.prefix and part.expression == part.root.child_by_field_name("expression")


def _paths(shell: Shell) -> tuple[AttrPath, ...]:
    return tuple((*shell.prefix, *path) for path in _LISTS[shell.kind or "shell"])


def _definitions(part: Document, path: AttrPath) -> list:
    raw = part.raw_path(path)
    return [item for item in part.focus(raw).bindings if item.raw == raw]


def _order(shell: Shell, part: Document) -> list[AttrPath]:
    """Return the lists to try: those that the author has, then the one that would begin."""
    paths = _paths(shell)
    there = [path for path in paths if _definitions(part, path)]
    begins = [path for path in paths[:1] if path not in there]
    return [*there, *begins]


def _has(shell: Shell, part: Document, path: AttrPath, value: Value) -> bool:
    """Return whether a list of the shell has a package whatever holds."""
    spelling = _spelling(shell, part, path, writes=False)
    wanted = key(spelling.key(value))
    return any(item.certain and key(item.value) == wanted for item in spelling.elements(part, path))


def _spelling(shell: Shell, part: Document, path: AttrPath, *, writes: bool = True) -> Spelling:
    """Return how the packages of a list are spelt."""
    data = part.data
    lists = (find_list(item.value, data) for item in _definitions(part, path) if item.value is not None)
    at = next((item for item in lists if item is not None), part.body.core)
    root = _root(shell, part, at)
    if root is None and writes and _filling(shell, at, data) is None:
        raise part.refuse("captured_name", "No set of packages has a name here from which one could be taken.", at)
    own = _meaning_of_root(root, at, data)

    def read(node: Node, source: bytes) -> Value:
        return Expression(_below(meaning(node, source), own, shell, node, source))

    def others(node: Node, source: bytes) -> list[Value]:
        return [Expression(_below(name, own, shell, node, source)) for name in other_meanings(node, source)]

    def made(node: Node, source: bytes) -> Value:
        found = variant(node, source)
        return None if found is None else Expression(_below(found, own, shell, node, source))

    def compared(value: Value) -> Value:
        if not isinstance(value, Expression):
            return value
        if value.source.startswith(("inputs.", "pkgs.")) or _files_own(value, at, data, root):
            node = packages.parsed(value)
            return Expression(_below(meaning(node, value.source.encode(), at, data), own, shell, at, data))
        return value

    def write(place: Node, value: Value) -> Value:
        if not isinstance(value, Expression) or value.source.startswith("inputs.") or _files_own(value, place, data, root):
            return value
        plain = Expression(value.source.removeprefix("pkgs."))
        return plain if root is None else packages.spelled(place, plain, data, root)

    return Spelling(
        read, write, key=compared, local=True, others=others, variant=made, needs=partial(_arguments, shell, at, data, root)
    )


def _files_own(value: Expression, at: Node, data: bytes, root: str | None) -> bool:
    """Return whether a package's name begins with one that the file has itself."""
    names = parse_path(value.source) if not value.source.startswith("inputs.") else ()
    return bool(names) and names[0] not in ("pkgs", root) and root is not None and files_own(names, at, data)


def _root(shell: Shell, part: Document, at: Node) -> str | None:
    """Return the source of the set that packages are taken from at a place; None where arguments are packages."""
    data = part.data
    if is_bound(at, "pkgs", data):
        return "pkgs"
    environments = [source for source in enclosing_withs(at, data) if _SET.search(source)]
    if environments:
        return environments[0]
    root = re.match(r"[\w'-]+", shell.maker)
    if root is not None and _SET.search(shell.maker) and is_bound(at, root[0], data):
        return shell.maker
    return None


def _meaning_of_root(root: str | None, at: Node, data: bytes) -> str:
    """Return what the name of a package begins with that is taken from a set, empty for `pkgs`."""
    if root is None:
        return ""
    tree = parse(root.encode()).root_node
    return meaning(tree.child_by_field_name("expression") or tree, root.encode(), at, data)


def _below(name: str, own: str, shell: Shell, node: Node, data: bytes) -> str:
    """Return a package's name below the set that packages are taken from."""
    if own and name.startswith(f"{own}."):
        return name.removeprefix(f"{own}.")
    plain = name.removeprefix("<bound> ")
    if plain != name and shell.filled:
        function = binder_of(node, plain.split(".", maxsplit=1)[0], data)
        return plain if function is not None and function.type == "function_expression" else name
    return name


def _filling(shell: Shell, at: Node, data: bytes) -> Node | None:
    """Return the function whose arguments callPackage fills, around a place."""
    node: Node | None = at
    found = None
    while node is not None:
        if node.type == "function_expression" and node.child_by_field_name("formals") is not None:
            found = node
        node = node.parent
    return found if shell.filled else None


def _arguments(shell: Shell, at: Node, data: bytes, root: str | None, written: list[Value]) -> list[Splice]:
    """Return the splices that name new packages among the arguments that callPackage fills."""
    function = _filling(shell, at, data) if root is None else None
    formals = function.child_by_field_name("formals") if function is not None else None
    if function is None or formals is None:
        return []
    names = [value.source.partition(".")[0] for value in written if isinstance(value, Expression)]
    wanted = [name for name in dict.fromkeys(names) if name not in bound_names(function, data)]
    return [insert_formals(formals, data, wanted)] if wanted else []
