"""Which of the packages that provide a name is meant: rules over attributes, and decisions where rules do not do.

The rules are those by which nixpkgs names things (pkgs/README.md): the plain attribute is the default version, others
have the version behind it; `-unwrapped`, `Minimal`, `Full` and the like are variants for special needs. An application
that brings many names that are not its own, as Mastodon brings rails, is asked last.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["NOBODY", "decisions", "is_certain", "ordered", "relation"]

NOBODY = "-"  # in place of an attribute: what has the name is not what is meant
_VARIANT = re.compile(
    r".*(?:[-_]?unwrapped|[-_]?[mM]inimal|Full|-full|[-_]?big|Big|[-_]light|[-_]?[sS]tatic|[-_]?headless|-?nox|-bin"
    r"|-git|-unstable|-nightly|-beta|-compat|_compat|_?[mM]ulti|_nogold|-legacy|_legacy|-test|Tests?|[-_]debug|_latest"
    r"|-esr|-lts|NoGui|NonInteractive|Upstream|-wrapped|-fhs|-gtk[234]?|-qt[56]?|-x11|-wayland|-cuda|Cuda|-rocm|WithRocm"
    r"|-oss|-ce|-ee|-slim.*|WithGui|WithGnuTls|-impersonate|-mpi|-noSDL|-small|-tiny|-lite|-next|-dev|-rc|-hardened"
    r"|[bB]ootstrap|-stage0|_memusage|_jit|_oqs|FreeThreading|Float|LongDouble|Quad|-threadsafe|-fortran|-all|-ilp64"
    r"|Compat|-interactive|-with-extensions|-with-plugins|-experimental|-embedded|_gi|HostCpuOnly|-no-triton|WithVulkan"
    r"|SVN|-doc|-docs|-vim|-source)[-_0-9]*"
    r"|busybox.*|toybox.*|uutils.*|u-root.*|.*mingw.*|wine.*|bintools\w*|.*-cross.*|emscripten.*|graphicsmagick.*compat"
    r"|nodejs-slim.*|pypy.*|xorg_sys_opengl|glibc_.*|bionic|\w*ccacheWrapper|distccWrapper|.*[a-z]\d*Wrapper|jre.*"
    r"|zulu.*|temurin.*|semeru.*|musl.*|uclibc.*|picolibc.*|klibc.*|libuuid|tetex|miktex|ihaskell|jupyter.*|percona.*|linuxsys.*"
    r"|libpressureaudio|libcardiacarrest|netcat|libressl.*|boringssl|mozjpeg|gash.*|gnat.*|libbfd.*|schemesh|fltk.*"
)
_VERSIONED = re.compile(r"(.*?[A-Za-z])[-_]?v?(\d[\d_.]*)")
_LANGUAGE = re.compile(r"(python3|perl|ruby|haskell|ocaml|lua|php|node|r|octave|tcl|java|dotnet)Packages\.")
_SUFFIX = re.compile(r"[-_](?=[a-z])|(?<=[a-z])(?=[A-Z])")
_MANY = 8  # names that are not its own, which make a package one that brings those of others


@cache
def decisions() -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Return what was decided by hand: for a kind and a name, the attributes that come first."""
    found = dict[tuple[str, str], tuple[str, ...]]()
    for line in Path(__file__).with_name("decisions.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, names, attributes = line.split("\t")
            found |= {(kind, name): tuple(attributes.split(" ")) for name in names.split(" ")}
    return found


def ordered(
    kind: str, name: str, attributes: Iterable[str], known: frozenset[str], breadth: Mapping[str, int]
) -> list[str]:
    """Return the attributes that provide a name, what is meant most likely first; none where nothing of them is.

    known: packages that public configurations list. breadth: how many names that are not its own each attribute has.
    """
    first = decisions().get((kind, name), ())
    if NOBODY in first:
        return []
    found = {*attributes}
    ranks = {
        item: _rank(kind, name, item, known, breadth.get(item, 0), is_variant=_is_variant(item, found))
        for item in found - {*first}
    }
    return [*first, *sorted(ranks, key=ranks.__getitem__)]


def is_certain(kind: str, name: str, row: list[str], breadth: Mapping[str, int]) -> bool:
    """Return whether the first of a row is certainly meant: decided, named so, or the only one that is not broad."""
    first, *rest = row
    if first in decisions().get((kind, name), ()) or relation(name, first.rpartition(".")[2]) <= 1:
        return True
    family = _family(first)
    return breadth.get(first, 0) <= _MANY and all(_family(item) == family for item in rest)


def _family(attribute: str) -> str:
    plain = _SUFFIX.split(attribute.rpartition(".")[2], maxsplit=1)[0]
    versioned = _VERSIONED.fullmatch(plain)
    return versioned[1] if versioned else plain


def _is_variant(attribute: str, others: set[str]) -> bool:
    """Return whether an attribute is a variant by its name, or by that of another that provides the same."""
    last = attribute.rpartition(".")[2]
    return _VARIANT.fullmatch(last) is not None or any(
        attribute[: match.start()] in others for match in _SUFFIX.finditer(attribute, 2)
    )


def _rank(
    kind: str, name: str, attribute: str, known: frozenset[str], breadth: int, *, is_variant: bool
) -> tuple[object, ...]:
    last = attribute.rpartition(".")[2]
    versioned = _VERSIONED.fullmatch(last)
    near = relation(name, last)
    return (
        _distance(kind, attribute, near, is_broad=breadth > _MANY and attribute not in known) + 3 * is_variant,
        near,
        near > 0 and versioned is not None,
        attribute not in known,
        breadth // 50,
        tuple(-int(part) for part in re.findall(r"\d+", versioned[2])) if versioned else (),
        len(attribute),
        attribute,
    )


def _distance(kind: str, attribute: str, near: int, *, is_broad: bool) -> int:
    if kind == "python_module":
        return 0 if attribute.startswith("python3Packages.") else 4
    if "." not in attribute:
        # An application among what its name says is it; one of many that bring a copy is not.
        return (0, 0, 2, 7 if is_broad else 3)[near]
    return (2, 2, 5, 6)[near] + (1 if _LANGUAGE.match(attribute) else 0)


def relation(name: str, last: str) -> int:
    """Return how the last part of an attribute relates to what it provides.

    0: it says it; 1: it says it with a version; 2: one has the other in it; 3: it says nothing of it.
    """
    plain = _letters(last)
    versioned = _VERSIONED.fullmatch(last)
    bare = _letters(versioned[1]) if versioned else plain
    stems = {_letters(part) for part in _stems(name)} - {""}
    if plain in stems:
        return 0
    if bare in stems:
        return 1
    return 2 if any(_holds(one, bare) or _holds(bare, one) for one in stems) else 3


def _stems(name: str) -> list[str]:
    """Return what a name may be called without its endings: ssl, openssl for openssl/ssl.h; z, libz for libz.so.1."""
    parts = name.split("/")
    found = [_stem(part) for part in (parts[-1], *parts[:1])]
    return [*found, *(item.removeprefix("lib") for item in found), *(f"lib{item}" for item in found)]


def _stem(name: str) -> str:
    plain = re.sub(r"\.(?:so[\d.]*|a|h|hh|hpp|hxx)$", "", name)
    return re.sub(r"[-_]?[\d.]+$", "", plain) or plain


@cache
def _letters(text: str) -> str:
    return re.sub(r"[-_.+]", "", text).lower()


def _holds(one: str, other: str) -> bool:
    return len(other) > 2 and other in one  # noqa: PLR2004  (two letters are in anything)
