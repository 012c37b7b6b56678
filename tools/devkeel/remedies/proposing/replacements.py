"""What is written instead of a name, a hash or a bracket, where a file of the project has it once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.catalogue.packages import is_frequent, is_slip, open_names, suggest
from devkeel.catalogue.removed import removed
from devkeel.project.root import DECLARATION, LOCK
from devkeel.remedies.fix import Fix
from devkeel.remedies.package_uses import replacement, uses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["hashes", "known", "may_replace", "renamed", "replacing"]

Edit = dict[str, Any]
_HASH = re.compile(r"(?:sha(?:1|256|512)[-:])?[A-Za-z0-9+/=]{32,128}")
# What Nix takes where a hash is not known yet (nixpkgs, lib/deprecated: `fakeHash`), and how that is written.
_ZERO = frozenset({f"sha256-{'A' * 43}=", "0" * 52})
_FAKE = ("pkgs.lib.fakeHash", "lib.fakeHash", "lib.fakeSha256", 'hash = ""', 'sha256 = ""', 'vendorHash = ""')
_PACKAGE = re.compile(r"[A-Za-z_][\w'-]*(?:\.[A-Za-z_][\w'-]*)*")
_WORD = re.compile(r"[A-Za-z_][\w'-]*")
_LITERAL = frozenset({"true", "false", "null"})
_HEADS = frozenset({"lib", "config", "inputs", "pkgs", "options"})
# What nixpkgs calls versions of a program that a message calls by its own name: {0} the first number, {1} the second.
_TOOLS: dict[str, tuple[str, ...]] = {
    "node.js": ("nodejs_{0}", "nodejs-slim_{0}"),
    "go": ("go_{0}_{1}",),
    "openjdk": ("jdk{0}", "openjdk{0}", "jdk{0}_headless"),
    "jdk": ("jdk{0}", "openjdk{0}", "jdk{0}_headless"),
    "python": ("python{0}{1}", "python{0}"),
    "postgresql": ("postgresql_{0}",),
    "postgres": ("postgresql_{0}",),
    "php": ("php{0}{1}",),
    "ruby": ("ruby_{0}_{1}",),
    "llvm": ("llvmPackages_{0}", "llvm_{0}"),
    "clang": ("clang_{0}",),
    "dotnet sdk": ("dotnet-sdk_{0}",),
    ".net": ("dotnet-sdk_{0}",),
    ".net sdk": ("dotnet-sdk_{0}",),
    "mariadb": ("mariadb_{0}{1}", "mariadb_{0}_{1}"),
}
_VERSIONED = re.compile(r"(?P<tool>[A-Za-z.][A-Za-z. ]*?) v?(?P<major>\d+)(?:\.(?P<minor>\d+))?")


def renamed(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield the name that the message says instead of an old one, where the old one is gone and the new one lives."""
    old, new = (name.removeprefix("pkgs.").rstrip(".") for name in (cause.subject, cause.facts["to"]))
    lock = situation.files.get(LOCK)
    if _PACKAGE.fullmatch(new) and _PACKAGE.fullmatch(old) and may_replace(old, new, lock):
        gone = removed(old)
        listed = gone is not None and new in gone.instead
        unsure = None if listed else f"That {new} is {old} by another name is what the message says alone."
        for edit in replacing(situation, old, new):
            yield Fix(f"Write {new}, as nixpkgs calls {old} now.", (edit,), uncertain=unsure)


def may_replace(old: str, new: str, lock: bytes | None) -> bool:
    """Return whether a package may be written for another that a message calls gone, by the names that are known.

    The one is gone and the other lives; or the one is a name that nearly nobody writes, and a slip of one that many do.
    """
    if old == new or old.partition(".")[0] in _HEADS or not is_living(new, lock):
        return False
    slip = is_frequent(new) and not is_frequent(old) and is_slip(old, (new,))
    return slip or not is_living(old, lock)


def is_living(name: str, lock: bytes | None) -> bool:
    """Return whether a package is one that nixpkgs has under that name, as far as the names that are known go."""
    return removed(name) is None and open_names(lock).status_of(name).known


def known(situation: Situation, cause: Cause, code: str) -> Iterator[Edit]:
    """Yield what is known of such a message without its suggestions."""
    name, lock = cause.subject, situation.files.get(LOCK)
    if code == "undefined_variable" and _WORD.fullmatch(name) and name not in _HEADS:
        yield from _undefined(situation, name, lock)
    if code == "removed_package":
        for old in _called(name):
            yield from _out_of_set(situation, old, lock)
            yield from _like(situation, old, lock)
    elif code == "unknown_package" and _PACKAGE.fullmatch(name):
        yield from _like(situation, name, lock)


def _undefined(situation: Situation, name: str, lock: bytes | None) -> Iterator[Edit]:
    """Yield a package that is named without its set, or with a slip where a set is open."""
    if any(use.explicit for use in uses(situation, name)):
        return  # it has its set already: what is undefined stands elsewhere
    if open_names(lock).status_of(name).known:
        yield from replacing(situation, name, name)
        return
    for other in suggest(name, 3, lock):
        yield from replacing(situation, name, other)


def _called(name: str) -> Iterator[str]:
    """Yield the attributes that a removed thing may have: its own name, or those of a version of a program."""
    if _PACKAGE.fullmatch(name):
        yield name
        return
    found = _VERSIONED.fullmatch(name)
    for form in _TOOLS.get(found["tool"].lower(), ()) if found else ():
        if found is not None and ("{1}" not in form or found["minor"]):
            yield form.format(found["major"], found["minor"])


def _out_of_set(situation: Situation, name: str, lock: bytes | None) -> Iterator[Edit]:
    """Yield what was in a set that is gone and stands at the top now."""
    if is_living(name, lock):
        return
    for use in uses(situation, name):
        inner = ".".join(use.names[name.count(".") + 1 :][:1])
        if inner and is_living(inner, lock):
            yield from replacing(situation, f"{name}.{inner}", inner)


def _like(situation: Situation, name: str, lock: bytes | None) -> Iterator[Edit]:
    living = [other for other in suggest(name, 4, lock) if may_replace(name, other, lock)]
    for other in sorted(living, key=lambda other: _VERSION.sub("", other) != _VERSION.sub("", name)):
        yield from replacing(situation, name, other)


_VERSION = re.compile(r"[\d_.]+$")


def replacing(situation: Situation, old: str, new: str) -> Iterator[Edit]:
    """Yield the edit that names another package, where the declaration names the one once; both without `pkgs.`."""
    sources = (old, f"pkgs.{old}") if old not in _LITERAL else ()
    whole = next((item for item in situation.declared.definitions if item.source in sources), None)
    if whole is not None and whole.source != f"pkgs.{new}":
        yield {"kind": "set", "path": whole.path, "expression": f"pkgs.{new}", "file": whole.file}
        return
    edit = replacement(situation, old, new) if old not in _LITERAL else None
    if edit is not None:
        yield edit


def hashes(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield the hash that was got in place of the one that a file has."""
    old, new = cause.subject, cause.facts["got"]
    if not (_HASH.fullmatch(old) and _HASH.fullmatch(new)) or len(old) != len(new):
        return
    for file, text in _texts(situation):
        written = [(old, new), *(pair for pair in ((name, f'"{new}"') for name in _FAKE) if old in _ZERO)]
        for there, instead in written:
            if text.count(there) != 1:
                continue
            edit = {"kind": "replace_text", "file": file, "old": there, "new": _in_place(there, instead)}
            uncertain = "Whether what was got is what is meant: look why it changed first."
            yield Fix("Write the hash that was got.", (edit,), uncertain=None if old in _ZERO else uncertain)
            return


def _in_place(there: str, instead: str) -> str:
    """Return what stands for a hash that is not known yet, with the hash in its place."""
    return there.replace('""', instead) if there.endswith('""') else instead


def _texts(situation: Situation) -> Iterable[tuple[str, str]]:
    """Return the Nix files of the declaration, devenv.nix first."""
    ordered = sorted(situation.files.items(), key=lambda item: item[0] != DECLARATION)
    return ((name, data.decode("utf-8", "replace")) for name, data in ordered if name.endswith(".nix"))
