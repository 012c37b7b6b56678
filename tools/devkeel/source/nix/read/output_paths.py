"""Paths of a flake's outputs: which may lead to a development shell, and which name of one they are."""

from __future__ import annotations

import re
from typing import TypeAlias

__all__ = ["OutputPath", "another", "is_named", "leads", "plain", "read_path"]

# A path of names, None for a computed one.
OutputPath: TypeAlias = tuple[str | None, ...]

# Where the outputs of a flake, and those of flake-parts' modules, may hold what follows.
_TRANSPARENT = frozenset({"outputs", "perSystem", "flake", "config"})
_SYSTEM = re.compile(r"(?:x86_64|aarch64|i686|armv\w+|riscv64|powerpc64le|powerpc64)-(?:linux|darwin|freebsd|\w+)")


def plain(names: OutputPath) -> OutputPath:
    """Return a path without what only says where the outputs are."""
    while names and names[0] in _TRANSPARENT:
        names = names[1:]
    return names


def another(root: str, names: OutputPath) -> str | None:
    """Return the name of the shell that `self.devShells.${system}.NAME` and its like mean, None for anything else.

    `config.make-shells.NAME.finalPackage` is one of make-shell's option.
    """
    known = [name for name in names if name is not None and name != "self"]
    if root not in ("self", "self'", "inputs", "config") or not known:
        return None
    if known[0] == "make-shells" and known[2:] == ["finalPackage"]:
        return known[1]
    if known[0] == "devShell":
        return "default"
    return known[-1] if known[0] == "devShells" and len(known) > 1 else None


def leads(names: OutputPath) -> bool:
    """Return whether a path is that of a shell, or on the way to one."""
    return not names or names[0] in {"devShells", "devShell"}


def read_path(names: OutputPath) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return the output, the systems and the other names of a path."""
    output, *rest = names
    known = [name for name in rest if name is not None]
    systems = tuple(name for name in known if output == "devShell" or _SYSTEM.fullmatch(name))
    return output or "", systems, tuple(name for name in known if name not in systems)


def is_named(names: OutputPath) -> bool:
    """Return whether a path is complete: what stands there is a shell."""
    if not names:
        return False
    output, _, rest = read_path(names)
    return bool(rest) or output == "devShell"
