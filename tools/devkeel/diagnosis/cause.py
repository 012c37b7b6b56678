"""What made a run fail, as far as what it printed says so."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Cause", "Kind"]

Kind = Literal[
    # something is not there: its name is the subject
    "program",
    "header",
    "library",
    "soname",
    "pkg_config",
    "cmake",
    "compiler",
    "python_module",
    "node_module",
    "go_module",
    "crate",
    "gem",
    "perl_module",
    "r_package",
    "tex_file",
    "lua_module",
    "php_extension",
    "target",
    "variable",
    "service",
    # it is there, and not as it is wanted
    "version",
    "port",
    "conflict",
    "declaration",
    "unfree",
    "insecure",
    "input",
    "option",
    "untracked",
    "entry",
    # it is declared, and a command has yet to install or make it
    "uninstalled",
    # it is built where it is installed, and that failed
    "unbuilt",
    # a variable or an option that a program looks for
    "setting",
    # no edit of a declaration mends it
    "tests",
    "code",
    "network",
    "disk",
    "memory",
    "permission",
]


class Cause(Struct, frozen=True):
    """One cause of a failure.

    kind: what sort of thing it is about. subject: its name as the text has it (`zlib.h`, `cv2`, `pg_config`), or what
    the sentence is about. line: the line that says so, as it may be shown; number: its number in the text, counted from
    1. said_by: the phrase that it was read by. facts: what else the text says of it, such as a version or a port.
    weight: how specific it is; what is more specific is nearer to the root.
    """

    kind: Kind
    subject: str
    line: str
    number: int
    said_by: str
    facts: Mapping[str, str] = MappingProxyType({})
    weight: int = 50
