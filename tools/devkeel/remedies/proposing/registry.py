"""Who proposes what mends a cause: a module for each sort of cause, asked in the order of their rows."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.remedies.fix import Fix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["ROWS", "ProposerRow", "proposals"]


class ProposerRow(Struct, frozen=True):
    """A module of this package with `propose(situation, cause)`, and the kinds of cause that it is asked about."""

    module: str
    kinds: tuple[str, ...]


ROWS: tuple[ProposerRow, ...] = (
    ProposerRow("own_programs", ("program",)),
    ProposerRow("native", ("program", "header", "library", "soname", "pkg_config", "cmake", "compiler", "version")),
    ProposerRow("services", ("service",)),
    ProposerRow("ports", ("port",)),
    ProposerRow("variables", ("variable",)),
    ProposerRow("definitions", ("declaration", "option")),
    ProposerRow("flakes", ("declaration", "input", "unfree", "insecure")),
    ProposerRow("declarations", ("declaration", "option", "input")),
    ProposerRow("permits", ("unfree", "insecure")),
    ProposerRow("tracking", ("untracked",)),
    ProposerRow("entries", ("entry",)),
    ProposerRow("python_modules", ("python_module",)),
    ProposerRow("node_modules", ("node_module",)),
    ProposerRow(
        "other_modules",
        ("go_module", "crate", "gem", "perl_module", "r_package", "tex_file", "lua_module", "php_extension", "target"),
    ),
    ProposerRow("language_versions", ("version",)),
    ProposerRow("commands", ("uninstalled",)),
    ProposerRow("version_conflicts", ("conflict",)),
    ProposerRow("settings", ("setting", "version")),
    ProposerRow(
        "without_nix", ("program", "header", "library", "soname", "pkg_config", "cmake", "compiler", "unbuilt")
    ),
)


def proposals(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield what may mend a cause, the best first; nothing was tried yet.

    A module that fails says so in a sentence, and the others are asked: a manifest may be odd, and what one
    cannot make sense of is no reason to say nothing of the rest.
    """
    for row in ROWS:
        if cause.kind in row.kinds:
            module = import_module(f"devkeel.remedies.proposing.{row.module}")
            try:
                yield from module.propose(situation, cause)
            except Exception as error:  # noqa: BLE001  (whatever it is, the diagnosis goes on)
                yield Fix(
                    f"Not all that may mend {cause.subject} was looked at: a file of the project says something that "
                    f"is not understood ({type(error).__name__})."
                )
