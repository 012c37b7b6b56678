"""Which packages have a program, a header, a library, a .pc file, a CMake package or an import name."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from devkeel.catalogue.provided.paths import KINDS
from devkeel.catalogue.provided.renewal import opened
from devkeel.catalogue.provided.table import CERTAIN, DEEPER, Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

__all__ = ["KINDS", "Provider", "attributes_of", "devenv_way", "open_kind", "providers"]

_LONGEST = 200
_DEEPEST = 2  # folders above a header in the tables; of what lies deeper they have the first two
_MANY = 40  # rows of which a header's name is only the end
_VERSIONED = re.compile(r"(.*?[A-Za-z])[-_]?(\d[\d_]*)")
_PYTHON = re.compile(r"python3\d*Packages")
_PYTHON_DEFAULT = "python3"
_SONAME = re.compile(r"(lib.+?)\.so(?:\.[\d.]+)?")


class Provider(Struct, frozen=True):
    """A package that has what was asked for.

    attribute: as it stands behind `pkgs.`. name: what it has, in full, such as gtk-4.0/gtk/gtk.h for gtk/gtk.h.
    exact: whether that is the name that was asked for. certain: whether this is what is meant beyond doubt: decided by
    hand, called so itself, or the only one. declared: whether the project has it. follows: what the project has of
    which this is another output, or a package in the same version. distribution: of Python, as its index calls it; None
    for what is no distribution of the index.
    """

    attribute: str
    name: str
    exact: bool = True
    certain: bool = False
    declared: bool = False
    follows: str | None = None
    distribution: str | None = None


def providers(kind: str, name: str, *, declared: Collection[str] = ()) -> tuple[Provider, ...]:
    """Return the packages that provide a name, what is meant most likely first; none for what no package has.

    kind: program, header, library, pkg_config, cmake or python_module. name: a header as it is included
    (openssl/ssl.h), a library as it is linked (z) or loaded (libz.so.1), a CMake package (ZLIB), an import name.
    declared: attributes that the project has; what is among them, or in the version of one, comes first.
    """
    if not name or len(name) > _LONGEST or not name.isprintable():
        return ()
    found = dict[str, Provider]()
    for row, value, exact in _rows(kind, name):
        certain = value[:1] in (CERTAIN, DEEPER)
        for place, item in enumerate(value.lstrip(CERTAIN + DEEPER).split(" ")):
            attribute, said, distribution = item.partition("=")
            found.setdefault(
                attribute,
                Provider(
                    attribute,
                    row,
                    exact,
                    certain=certain and (exact or value[0] == DEEPER) and place == 0,
                    distribution=_distribution(attribute, distribution if said else None)
                    if kind == "python_module"
                    else None,
                ),
            )
    return _by_what_is_declared([*found.values()], [item.removeprefix("pkgs.") for item in declared])


def _distribution(attribute: str, said: str | None) -> str | None:
    """Return the distribution that an attribute is: what its row says, which may be none, else its own name."""
    return attribute.rpartition(".")[2] if said is None else said or None


def _rows(kind: str, name: str) -> Iterator[tuple[str, str, bool]]:
    """Yield the names that answer for one, the best first, their packages, and whether it is the name itself."""
    if kind == "header":
        yield from _headers(name)
        return
    spellings = _spellings(kind, name)
    for place, spelling in enumerate(spellings):
        value = open_kind(kind).get(spelling)
        if value is not None:
            yield (
                spelling,
                value,
                place == 0 or kind == "python_module" or spelling in (f"lib{name}.so", f"lib{name}.a"),
            )
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


def _headers(name: str) -> Iterator[tuple[str, str, bool]]:
    name = name.strip("/")
    key = "/".join(reversed(name.split("/")))
    if not name:
        return
    deeper = open_kind("header").rows(f"{key}/", _MANY)
    if (value := open_kind("header").get(key)) is not None:
        first = value[1:].partition(" ")[0]
        full = next((found for found, others in deeper if first in others.lstrip(CERTAIN).split(" ")), key)
        yield ("/".join(reversed(full.split("/"))), value, False) if value[0] == DEEPER else (name, value, True)
    folders = name.split("/")[:-1]
    if len(folders) > _DEEPEST and (value := open_kind("header").get("/".join(("", *reversed(folders[:_DEEPEST]))))):
        yield "/".join(folders[:_DEEPEST]) + "/", value, False
    # What lies one folder deeper is found through a flag of the compiler that its .pc file has.
    for found, value in sorted(
        deeper, key=lambda row: (row[0].count("/"), not row[1].startswith(CERTAIN), len(row[0]))
    ):
        yield "/".join(reversed(found.split("/"))), value, False


def _by_what_is_declared(found: list[Provider], declared: list[str]) -> tuple[Provider, ...]:
    if not declared:
        return tuple(found)
    ours = {_unversioned(item): item for item in declared}
    families = Counter(_unversioned(item.attribute) for item in found)
    first, following, rest = list[Provider](), list[Provider](), list[Provider]()
    for item in found:
        head, dot, output = item.attribute.partition(".")
        of_set = _PYTHON.fullmatch(head) is not None
        family = ours.get("python" if of_set else _unversioned(head))
        if item.attribute in declared:
            first.append(replace(item, declared=True))
        elif family is not None and of_set:
            versioned = f"{head if family == _PYTHON_DEFAULT else family + 'Packages'}.{output}"
            rest.append(replace(item, attribute=versioned, follows=family))
        elif family is not None and (dot or families[_unversioned(head)] > 1):
            # More than one version has it, or an output of its own: so has the version that the project has.
            following.append(replace(item, attribute=f"{family}{dot}{output}", declared=not dot, follows=family))
        else:
            rest.append(item)
    return tuple({item.attribute: item for item in reversed((*first, *following, *rest))}.values())[::-1]


def _unversioned(attribute: str) -> str:
    match = _VERSIONED.fullmatch(attribute)
    return attribute if match is None else match[1]


def attributes_of(value: str) -> list[str]:
    """Return the attributes in a row of a table, the likeliest first."""
    return [item.partition("=")[0] for item in value.lstrip(CERTAIN + DEEPER).split(" ")]


@cache
def open_kind(kind: str) -> Table:
    """Return the table of a kind."""
    if kind not in KINDS:
        raise ValueError(kind)
    return opened(kind)


@cache
def _ways() -> Mapping[tuple[str, str], str]:
    lines = Path(__file__).with_name("devenv-ways.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {(kind, name): option for option, kind, names in rows for name in names.split(" ")}


def devenv_way(kind: str, name: str) -> str | None:
    """Return the option of devenv that brings what has a name, where devenv has one: languages.python.enable."""
    return _ways().get((kind, name))
