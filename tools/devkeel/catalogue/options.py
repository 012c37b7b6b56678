"""The options of devenv, read from the table beside this module."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from devkeel.catalogue.tree import Tree
from devkeel.errors import UsageError
from devkeel.source.nix.path import format_path, parse_path

if TYPE_CHECKING:
    from devkeel.source.nix.path import AttrPath

__all__ = [
    "DEVENV_VERSION",
    "Option",
    "enable_path",
    "find_option",
    "is_text",
    "option_paths",
    "option_tree",
    "option_type",
]

DEVENV_VERSION = "2.2"
_ANY = frozenset({"<name>", "*"})


@dataclass(frozen=True, slots=True)
class Option:
    """One option. `path` may have `<name>` where any attribute name stands; `type` is the module system's phrase."""

    path: str
    type: str
    default: str = ""
    allowed: str = ""
    read_only: bool = False


@cache
def _options() -> dict[tuple[str, ...], Option]:
    table = files("devkeel.catalogue").joinpath(f"devenv-{DEVENV_VERSION}.tsv").read_text("utf-8")
    found = {}
    for line in table.split("\n")[1:]:
        path, kind, default, allowed, flags = (line.split("\t") + [""] * 4)[:5]
        if path:
            found[tuple(path.split("."))] = Option(path, kind, default, allowed, flags == "r")
    return found


@cache
def option_tree() -> Tree:
    """Return the options as a tree."""
    return Tree(_options().values())


@cache
def option_paths() -> tuple[str, ...]:
    """Return the paths of all options, sorted; `<name>` stands for any attribute name."""
    return tuple(option.path for option in _options().values())


def find_option(path: AttrPath) -> Option | None:
    """Return the option at a path, also where the path has a name of the user's own, or None."""
    options = _options()
    exact = options.get(path)
    if exact is not None:
        return exact
    for key, option in options.items():
        if len(key) == len(path) and all(a == b or a in _ANY for a, b in zip(key, path, strict=True)):
            return option
    return None


def option_type(path: str) -> str | None:
    """Return the type phrase of an option (`boolean`, `null or string`…), or None when it is not known."""
    try:
        option = find_option(parse_path(path))
    except UsageError:
        return None
    return option.type if option else None


def is_text(path: AttrPath) -> bool:
    """Tell whether an option is a text that its definitions add lines to, such as enterShell."""
    option = find_option(path)
    return option is not None and option.type.startswith('strings concatenated with "\\n"')


def enable_path(name: str) -> AttrPath:
    """Return the option that enables a service or a language.

    `name` is `redis`, `services.redis` or `languages.python`. Raises UsageError `unknown_name` with the nearest
    names when a bare name is neither; a full path is taken as it is, because the project's devenv may know more.
    """
    names = parse_path(name)
    names = names[:-1] if len(names) > 1 and names[-1] == "enable" else names
    if len(names) > 1:
        return (*names, "enable")
    options = _options()
    candidates = [(*prefix, *names, "enable") for prefix in (("services",), ("languages",))]
    found = [path for path in candidates if path in options] or [
        path for path in [(*names, "enable")] if path in options
    ]
    if len(found) == 1:
        return found[0]
    known = sorted({format_path(path[:-1]) for path in options if path[-1] == "enable" and len(path) == 3})  # noqa: PLR2004
    if found:
        alternatives = tuple(format_path(path[:-1]) for path in found)
        message = f"{name!r} is the name of more than one thing."
    else:
        short = {path.split(".")[-1]: path for path in known}
        alternatives = tuple(short[item] for item in difflib.get_close_matches(names[0], short, 3, 0.7))
        message = f"devenv {DEVENV_VERSION} has no service and no language called {name!r}."
    raise UsageError(
        "unknown_name",
        message,
        seen=name,
        remedy="Use one of the alternatives, or give the full option path, for example services.NAME.",
        alternatives=alternatives,
    )
