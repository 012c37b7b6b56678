"""Interpreters and other packages that hold packages: found in the files of a declaration, and changed there."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.errors import Place, Refused
from devkeel.source import nix
from devkeel.source.nix.read.holders import Holder, held, holder_of_file, holders_in
from devkeel.source.nix.write.holders import hold, release
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from devkeel.libraries.modules import Modules
    from devkeel.source import Edited

__all__ = ["PackageHolder", "found_in", "listed", "one_of", "pythons_of", "several"]

_PYTHON = re.compile(r"(?:python|pypy)\d*(?:Full|Minimal)?")
_OPTION = "languages.python.package"


class PackageHolder(Struct, frozen=True):
    """A package that holds packages. named: the file that makes it; document: the one that has the list."""

    holder: Holder
    named: str
    line: int
    document: nix.Document

    @property
    def where(self) -> str:
        """The place as a sentence says it."""
        options = " and ".join(self.holder.options)
        return f"{self.named}:{self.line}{f' ({options})' if options else ''}"

    @property
    def is_python(self) -> bool:
        """Whether it is a Python."""
        return _OPTION in self.holder.options or any(_PYTHON.fullmatch(name) for name in self.holder.owners)

    @property
    def is_the_python(self) -> bool:
        """Whether devenv makes the environment of Python from it."""
        return _OPTION in self.holder.options

    @property
    def names(self) -> list[str]:
        """What it holds."""
        return held(self.document, self._list)

    @property
    def _list(self) -> Holder:
        found = self.holder if self.holder.file is None else holder_of_file(self.document)
        if found is None:
            raise self.document.refuse("opaque_value", "The file is no function of a package set, ps: [ … ].", None)
        return found

    def changed(self, names: Sequence[str], *, remove: bool) -> Edited:
        """Return the edit of `document` that adds packages or removes them. Raises Refused."""
        return (release if remove else hold)(self.document, self._list, [*names])


def found_in(modules: Modules, read: Callable[[str], bytes | None]) -> list[PackageHolder]:
    """Return the packages that hold packages, in the order of the files."""
    found = list[PackageHolder]()
    for document in modules.documents:
        for holder in holders_in(document):
            node = holder.node
            if holder.file is not None:
                name = posixpath.normpath(posixpath.join(posixpath.dirname(document.name), holder.file))
                data = read(name)
                if data is None or holder_of_file(other := nix.Document(data, name, module=False)) is None:
                    continue
                found.append(PackageHolder(holder, document.name, document.place(holder.at).line or 1, other))
            elif node is not None:
                line = document.place(holder.at).line or 1
                found.append(PackageHolder(holder, document.name, line, document))
    return found


def listed(modules: Modules, read: Callable[[str], bytes | None]) -> dict[str, tuple[str, ...]]:
    """Return what each of them holds, by the name under which a caller may mean it."""
    found = dict[str, tuple[str, ...]]()
    for item in found_in(modules, read):
        name = next((name for name in (*item.holder.owners, item.where) if name not in found), item.where)
        found[name] = tuple(item.names)
    return found


def pythons_of(found: Sequence[PackageHolder]) -> list[PackageHolder]:
    """Return the Pythons among them: the one that devenv makes the environment from, where there is one, first."""
    return sorted((item for item in found if item.is_python), key=lambda item: not item.is_the_python)


def one_of(found: Sequence[PackageHolder], inside: str, looked: Sequence[str], names: Sequence[str]) -> PackageHolder:
    """Return the one that a caller means: by its package, a variable or an option. Raises Refused.

    looked: the files that were read. names: what it is to hold.
    """
    meant = [item for item in found if item.holder.is_meant_by(inside)]
    if len({(item.holder.options, item.named) for item in meant}) > 1:
        raise several(meant, inside, names)
    if not meant:
        raise _none(found, inside.removeprefix("pkgs."), looked)
    return meant[0]


def _none(found: Sequence[PackageHolder], owner: str, looked: Sequence[str]) -> Refused:
    known = tuple(dict.fromkeys(name for item in found for name in item.holder.owners))
    expression = f"the expression pkgs.{owner}.withPackages (ps: [ ps.NAME ])"
    begun = f"set {_OPTION} to {expression}" if _PYTHON.fullmatch(owner) else f"append {expression} to packages"
    has_python = _PYTHON.fullmatch(owner) is not None and bool(pythons_of(found))
    there = f"Name one that is there, {' or '.join(known)}" if known else ""
    # A second Python beside the one that is there would hide one of them.
    remedy = f"{there}." if has_python else f"{there}; or {begun}." if known else f"{begun[0].upper()}{begun[1:]}."
    return Refused(
        "not_found",
        f"Nothing makes {owner}.withPackages (ps: [ … ]) there. Looked at: {', '.join(looked)}.",
        place=Place(looked[0]) if looked else None,
        remedy=remedy,
        alternatives=known,
    )


def several(meant: Sequence[PackageHolder], name: str, names: Sequence[str]) -> Refused:
    """Return the refusal of a name that several have."""
    choices = tuple(dict.fromkeys(option for item in meant for option in item.holder.options))
    return Refused(
        "ambiguous",
        f"{name} is made with packages in several places: {', '.join(item.where for item in meant)}.",
        place=Place(meant[0].named, meant[0].line),
        remedy=f"Name the option: {do('add', names=[*names], inside=choices[-1] if choices else name)}.",
        alternatives=choices,
    )
