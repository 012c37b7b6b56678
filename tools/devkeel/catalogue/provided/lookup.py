"""Which packages have a program, a header, a library, a .pc file, a CMake package or an import name."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.catalogue.provided.paths import KINDS
from devkeel.catalogue.provided.table import Table, open_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = ["KINDS", "Provider", "devenv_way", "providers"]

_LONGEST = 200
_DEEPEST = 2  # folders above a header in the tables; of what lies deeper they have the first two
_MANY = 40  # rows of which a header's name is only the end
_VERSIONED = re.compile(r"(.*?[A-Za-z])[-_]?(\d[\d_]*)")
_SONAME = re.compile(r"(lib.+?)\.so(?:\.[\d.]+)?")


class Provider(Struct, frozen=True):
    """A package that has what was asked for.

    attribute: as it stands behind `pkgs.`. name: what it has, in full, such as gtk-4.0/gtk/gtk.h for gtk/gtk.h.
    exact: whether that is the name that was asked for. declared: whether the project has it, or a version of it.
    """

    attribute: str
    name: str
    exact: bool = True
    declared: bool = False


def providers(kind: str, name: str, *, declared: Collection[str] = ()) -> tuple[Provider, ...]:
    """Return the packages that provide a name, what is meant most likely first; none for what nobody provides.

    kind: program, header, library, pkg_config, cmake or python_module. name: a header as it is included
    (openssl/ssl.h), a library as it is linked (z) or loaded (libz.so.1), a CMake package (ZLIB), an import name.
    declared: attributes that the project has; what is among them, or another version of one, comes first.
    """
    if not name or len(name) > _LONGEST or not name.isprintable():
        return ()
    found = dict[str, Provider]()
    for row, attributes, exact in _rows(kind, name):
        for attribute in attributes:
            found.setdefault(attribute, Provider(attribute, row, exact))
    return _declared_first([*found.values()], [item.removeprefix("pkgs.") for item in declared])


def _rows(kind: str, name: str) -> Iterator[tuple[str, list[str], bool]]:
    """Yield the names that answer for one, the best first, their packages, and whether it is the name itself."""
    if kind == "header":
        yield from _headers(name)
        return
    spellings = _spellings(kind, name)
    for place, spelling in enumerate(spellings):
        value = _table(kind).get(spelling)
        if value is not None:
            yield spelling, value.split(" "), place == 0 or spelling in (name, f"lib{name}.so", f"lib{name}.a")
            if kind != "cmake":
                return


def _spellings(kind: str, name: str) -> list[str]:
    if kind == "library":
        match = _SONAME.fullmatch(name)
        if match is not None:
            return list(dict.fromkeys((name, f"{match[1]}.so")))
        return [name] if name.endswith(".a") else [f"lib{name}.so", f"lib{name}.a", f"{name}.so"]
    if kind == "pkg_config":
        return [name.removesuffix(".pc")]
    if kind == "cmake":
        plain = re.sub(r"(?:Config|-config)?(?:\.cmake)?$", "", name)
        return list(dict.fromkeys((plain, plain.lower(), plain.capitalize(), plain.upper())))
    if kind == "python_module":
        parts = name.split(".")
        return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return [name]


def _headers(name: str) -> Iterator[tuple[str, list[str], bool]]:
    name = name.strip("/")
    key = "/".join(reversed(name.split("/")))
    if not name:
        return
    if (value := _table("header").get(key)) is not None:
        yield name, value.split(" "), True
    folders = name.split("/")[:-1]
    if len(folders) > _DEEPEST and (value := _table("header").get("/".join(("", *reversed(folders[:_DEEPEST]))))):
        yield "/".join(folders[:_DEEPEST]) + "/", value.split(" "), False
    deeper = _table("header").rows(f"{key}/", _MANY)
    # What lies one folder deeper is found through a flag of the compiler that its .pc file has.
    for found, value in sorted(deeper, key=lambda row: (row[0].count("/"), len(row[0]))):
        yield "/".join(reversed(found.split("/"))), value.split(" "), False


def _declared_first(found: list[Provider], declared: list[str]) -> tuple[Provider, ...]:
    if not declared:
        return tuple(found)
    plain = {_unversioned(item): item for item in declared}
    first, rest = list[Provider](), list[Provider]()
    for item in found:
        head, dot, output = item.attribute.partition(".")
        if item.attribute in declared or head in declared:
            first.append(Provider(item.attribute, item.name, item.exact, declared=True))
        elif (ours := plain.get(_unversioned(head))) is not None:
            first.append(Provider(f"{ours}{dot}{output}", item.name, item.exact, declared=True))
        else:
            rest.append(item)
    return tuple({item.attribute: item for item in (*first, *rest)}.values())


def _unversioned(attribute: str) -> str:
    match = _VERSIONED.fullmatch(attribute)
    return attribute if match is None else match[1]


@cache
def _table(kind: str) -> Table:
    if kind not in KINDS:
        raise ValueError(kind)
    return open_table(Path(__file__).with_name(f"{kind}.table"))


@cache
def _ways() -> Mapping[tuple[str, str], str]:
    lines = Path(__file__).with_name("devenv-ways.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {(kind, name): option for option, kind, names in rows for name in names.split(" ")}


def devenv_way(kind: str, name: str) -> str | None:
    """Return the option of devenv that brings what has a name, where devenv has one: languages.python.enable."""
    return _ways().get((kind, name))
