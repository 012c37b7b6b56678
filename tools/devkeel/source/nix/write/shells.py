"""Packages of a development shell: in the list of it that its author uses, in the spelling that is used there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from devkeel.errors import Refused
from devkeel.source.nix.read.equality import key
from devkeel.source.nix.read.list_parts import elements, find_list, lists_inside, parts
from devkeel.source.nix.read.syntax import text
from devkeel.source.nix.write import packages
from devkeel.source.nix.write.lists import add, remove
from devkeel.source.nix.write.package_set import PackageSet, package_set
from devkeel.source.path import format_path
from devkeel.source.splice import Edited, compose

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from devkeel.source.nix.read.document import Document
    from devkeel.source.nix.read.index import Definition
    from devkeel.source.nix.read.literal import Value
    from devkeel.source.nix.read.shell import Shell
    from devkeel.source.path import AttrPath

__all__ = ["ListedPackage", "add_to_shell", "listed_packages", "remove_from_shell", "shell_has", "shell_packages"]

_LISTS: dict[str, tuple[AttrPath, ...]] = {
    # nixpkgs, pkgs/build-support/mkshell/default.nix: `packages` are joined to nativeBuildInputs.
    "shell": (("packages",), ("nativeBuildInputs",), ("buildInputs",)),
    "derivation": (("nativeBuildInputs",), ("buildInputs",)),
    # numtide/devshell, modules/devshell.nix: `packages` is another name of `devshell.packages`.
    "module": (("packages",), ("devshell", "packages")),
    "devenv": (("packages",),),
}


def add_to_shell(shell: Shell, names: Sequence[str]) -> tuple[Edited, AttrPath]:
    """Add packages to a shell; return the edit of its file with the list that they are in. Raises Refused."""
    part = _part(shell)
    if _is_file_of_devenv(shell, part):
        return packages.add_packages(part, [*names]), packages.PACKAGES
    missing, notes = list[str](), list[str]()
    for name in names:
        there = shell_has(shell, name)
        if there is None:
            missing.append(name)
        else:
            notes.append(f"{name} is already in {there} of {shell.spelled} ({shell.where}).")
    if not missing:
        return Edited(part.data, notes=tuple(notes)), _paths(shell)[0]
    refusals = list[Refused]()
    for path in _order(shell, part):
        try:
            edited = _added(shell, part, path, missing)
        except Refused as error:
            refusals.append(error)
        else:
            return replace(edited, notes=(*edited.notes, *notes)), path
    raise refusals[0]


def _added(shell: Shell, part: Document, path: AttrPath, names: Sequence[str]) -> Edited:
    source = _source(shell, part, path)
    if not source.known:
        raise part.refuse(
            "captured_name", "No set of packages has a name here from which one could be taken.", source.at
        )
    values = [packages.requested(name) for name in names]
    return add(part, path, values, spelling=source.spelling, keep_sorted=True, listed=True)


def shell_has(shell: Shell, name: str) -> str | None:
    """Return the list of a shell that has a package whatever holds, None where none has, or nothing is known of it."""
    if shell.part is None or not shell.editable:
        return None
    wanted = packages.requested(name)
    there = (path for path in _paths(shell) if _has(shell, shell.part, path, wanted))
    return next((format_path(path) for path in there), None)


def remove_from_shell(shell: Shell, name: str) -> Edited:
    """Remove a package from every list of a shell. Nothing there is no change. Raises Refused."""
    part = _part(shell)
    if _is_file_of_devenv(shell, part):
        return packages.remove_packages(part, [name])
    current, steps, unseen = part, list[Edited](), list[str]()
    for path in _paths(shell):
        if not _definitions(current, path):
            continue
        step = remove(current, path, [packages.requested(name)], spelling=_source(shell, current, path).spelling)
        unseen += [note for note in step.notes if not note.endswith(f"{format_path(path)}.")]
        steps.append(step)
        current = current.after(step) if step.changed else current
    edited = compose(part.data, steps)
    return replace(edited, notes=() if edited.changed else tuple(unseen[:1]))


class ListedPackage(NamedTuple):
    """A package in a list of a shell. name: as `packages.meaning` gives it. certain: it is there whatever holds."""

    name: str
    source: str
    line: int
    certain: bool


def listed_packages(shell: Shell) -> Iterator[ListedPackage]:
    """Yield what a shell lists; what is no plain name of nixpkgs begins with `<bound>`, `<unbound>`, or is source."""
    part = shell.part
    if part is None:
        return
    for path in _paths(shell):
        for item in _definitions(part, path):
            source = _source(shell, part, path)
            for piece in parts(item.value, part.data) if item.value is not None else ():
                inner = [child for found in lists_inside(piece.node) for child in elements(found)]
                certain = piece.certain and not piece.opaque and not item.conditions
                for node in piece.items or inner:
                    name = source.read(node, part.data).source
                    yield ListedPackage(name, text(node, part.data), node.start_point[0] + 1, certain)


def shell_packages(shell: Shell) -> Iterator[tuple[str, int]]:
    """Yield the packages that a shell lists, by name, each with its line; what is no plain name as its source."""
    for item in listed_packages(shell):
        yield item.name.removeprefix("<bound> ").removeprefix("<unbound> "), item.line


def _part(shell: Shell) -> Document:
    """Return what of a shell is edited. Raises Refused where that is not known."""
    if shell.part is None or shell.why is not None:
        raise shell.document.refuse(
            shell.code, f"The packages of {shell.spelled} cannot be seen: {shell.why or 'it has no list'}.", shell.place
        )
    return shell.part


def _is_file_of_devenv(shell: Shell, part: Document) -> bool:
    """Return whether the shell's module is a file of its own, which is edited as any other module is."""
    whole = part.root.child_by_field_name("expression")
    return shell.kind == "devenv" and not shell.prefix and part.expression == whole


def _paths(shell: Shell) -> tuple[AttrPath, ...]:
    return tuple((*shell.prefix, *path) for path in _LISTS[shell.kind or "shell"])


def _definitions(part: Document, path: AttrPath) -> list[Definition]:
    raw = part.raw_path(path)
    return [item for item in part.focus(raw).bindings if item.raw == raw]


def _order(shell: Shell, part: Document) -> list[AttrPath]:
    """Return the lists to try: those that the author has, then the one that would begin."""
    paths = _paths(shell)
    there = [path for path in paths if _definitions(part, path)]
    return [*there, *(path for path in paths[:1] if path not in there)]


def _has(shell: Shell, part: Document, path: AttrPath, value: Value) -> bool:
    """Return whether a list of the shell has a package whatever holds."""
    spelling = _source(shell, part, path).spelling
    wanted = key(spelling.key(value))
    return any(item.certain and key(item.value) == wanted for item in spelling.elements(part, path))


def _source(shell: Shell, part: Document, path: AttrPath) -> PackageSet:
    """Return the set that the packages of a list are taken from."""
    lists = (find_list(item.value, part.data) for item in _definitions(part, path) if item.value is not None)
    at = next((item for item in lists if item is not None), part.body.core)
    return package_set(at, part.data, shell.maker, filled=shell.filled, nixpkgs=shell.nixpkgs)
