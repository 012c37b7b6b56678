"""Outputs of a person's own file, put beside those of a generated flake: where both have one, the person's counts."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError, UsageError
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from devkeel.generate.kind import ProjectSource

__all__ = ["with_extra"]


def with_extra(source: ProjectSource, own: Sequence[str], folder: str = "") -> list[str]:
    """Return the lines of the outputs, which are ours with those of the file `extra` in them at every depth.

    own: the lines of a set. folder: of the flake. Raises UsageError `bad_parameter` where the file is not there, does
    not parse, or is a set.
    """
    extra = source.parameters["extra"]
    if extra is None:
        return [*own[:-1], f"{own[-1]};"]
    _require_function(source, posixpath.join(folder, extra))
    return [
        "nixpkgs.lib.recursiveUpdate",
        *(f"  {line}" if line else "" for line in own),
        f"  (import ./{extra} inputs);",
    ]


def _require_function(source: ProjectSource, name: str) -> None:
    data = source.read(name)
    if data is None:
        raise _bad(f"There is no {name}", name, "Write the file first")
    try:
        document = nix.Document(data, name, module=False)
        problems = document.syntax_problems
    except DevkeelError as error:
        raise _bad(f"{name} cannot be read: {error.message}", name, "Put it right") from error
    if problems:
        raise _bad(f"{name} does not parse", f"{name}:{document.place(problems[0].offset).line}", "Put it right")
    root = document.expression
    if root is not None and root.type in ("attrset_expression", "rec_attrset_expression"):
        raise _bad(f"{name} is a set, and is to be a function of the inputs", name, "Write it")


def _bad(why: str, seen: str, remedy: str) -> UsageError:
    return UsageError(
        "bad_parameter",
        f"The parameter extra cannot be so: {why}.",
        seen=seen,
        remedy=f"{remedy}, as inputs: {{ packages = …; }}, or leave extra out.",
    )
