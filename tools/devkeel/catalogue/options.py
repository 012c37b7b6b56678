"""The options of devenv, read from the table beside this module."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.catalogue.aliases import group_names
from devkeel.catalogue.merging import conflict
from devkeel.catalogue.option import Option
from devkeel.catalogue.tree import Tree
from devkeel.catalogue.types import Anything, ListOf
from devkeel.errors import UsageError
from devkeel.source.path import format_path, parse_path

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.source.path import AttrPath

__all__ = [
    "DEVENV_VERSION",
    "Catalogue",
    "built_in",
    "enable_path",
    "find_option",
    "is_list",
    "is_text",
    "open_type",
    "option_paths",
    "option_tree",
    "option_type",
    "roots",
    "takes_one_text",
]

DEVENV_VERSION = "2.2"
_ANY = frozenset({"<name>", "*"})
_GROUPS = ("services", "languages")
_ENABLE_LENGTH = 3  # services.NAME.enable
_FAR = 4  # edits between a name and another that it cannot have meant any more


class Catalogue:
    """The options of one devenv. `source` says which one, for a reader; `live`: read from the project's own lock."""

    def __init__(self, options: Iterable[Option], source: str, *, live: bool) -> None:
        self.source = source
        self.live = live
        self.options = {option.names: option for option in options}
        self._open: dict[int, list[tuple[AttrPath, Option]]] = {}
        for names, option in self.options.items():
            if not _ANY.isdisjoint(names):
                self._open.setdefault(len(names), []).append((names, option))

    def find(self, path: AttrPath) -> Option | None:
        """Return the option at a path, also where the path has a name of the user's own, or None."""
        exact = self.options.get(path)
        if exact is not None:
            return exact
        for names, option in self._open.get(len(path), ()):
            if all(a == b or a in _ANY for a, b in zip(names, path, strict=True)):
                return option
        return None

    def enabled(self, group: str) -> tuple[str, ...]:
        """Return the names in `services` or `languages` that can be enabled."""
        return tuple(
            path[1]
            for path in self.options
            if len(path) == _ENABLE_LENGTH and path[0] == group and path[2] == "enable" and path[1] not in _ANY
        )


@cache
def built_in() -> Catalogue:
    """Return the options of the devenv that this devkeel was made with."""
    table = Path(__file__).with_name(f"devenv-{DEVENV_VERSION}.tsv").read_text("utf-8")
    rows = ((line.split("\t") + [""] * 4)[:5] for line in table.split("\n")[1:] if line)
    options = (Option(path, kind, default, allowed, flags == "r") for path, kind, default, allowed, flags in rows)
    return Catalogue(options, f"devenv {DEVENV_VERSION}, built in", live=False)


@cache
def option_tree() -> Tree:
    """Return the options as a tree."""
    return Tree(built_in().options)


def option_paths() -> tuple[str, ...]:
    """Return the paths of all options, sorted; `<name>` stands for any attribute name."""
    return tuple(option.path for option in built_in().options.values())


@cache
def roots() -> frozenset[str]:
    """Return the names that options begin with."""
    return frozenset(names[0] for names in built_in().options) - _ANY


def find_option(path: AttrPath) -> Option | None:
    """Return the option at a path, also where the path has a name of the user's own, or None."""
    return built_in().find(path)


def option_type(path: str) -> str | None:
    """Return the type phrase of an option (`boolean`, `null or string`…), or None when it is not known."""
    try:
        option = find_option(parse_path(path))
    except UsageError:
        return None
    return option.type if option else None


def is_text(path: AttrPath) -> bool:
    """Return whether an option is a text that its definitions add lines to, such as enterShell."""
    option = find_option(path)
    return option is not None and option.type.removeprefix("null or ").startswith('strings concatenated with "\\n"')


def is_list(path: AttrPath) -> bool:
    """Return whether an option takes nothing but a list."""
    option = find_option(path)
    return option is not None and option.type.removeprefix("non-empty ").startswith("list of ")


def open_type(path: AttrPath) -> str | None:
    """Return the type of an option that takes a list as well as anything else, such as a variable of `env`, else None.

    An option that the catalogue does not have is not judged: what it takes is for the project's devenv to say.
    """
    found = option_tree().find(path)
    is_open = any(isinstance(item, Anything) for item in found.type.alternatives)
    listed = any(isinstance(item, ListOf) for item in found.type.alternatives)
    return found.type.phrase if found.kind in ("option", "inside") and is_open and not listed else None


def takes_one_text(path: AttrPath, text: str) -> bool:
    """Return whether an option that has a text certainly takes no second one that differs: no lines are joined."""
    found = option_tree().find(path)
    return found.kind in ("option", "inside") and conflict(found.type, text, f"{text}.")


def enable_path(name: str) -> AttrPath:
    """Return the option that enables a service or a language.

    `name` is `redis`, `services.redis` or `languages.python`. Raises UsageError `unknown_name` with the nearest
    names when a bare name is neither; a full path is taken as it is, because the project's devenv may know more.
    """
    names = parse_path(name)
    names = names[:-1] if len(names) > 1 and names[-1] == "enable" else names
    if len(names) > 1:
        return (*names, "enable")
    options = built_in().options
    candidates = [(group, *names, "enable") for group in _GROUPS]
    found = [path for path in candidates if path in options] or [
        path for path in [(*names, "enable")] if path in options
    ]
    if len(found) == 1:
        return found[0]
    if found:
        alternatives = tuple(format_path(path[:-1]) for path in found)
        message = f"{name!r} is the name of more than one thing."
    else:
        alternatives = _nearest_to_enable(names[0])
        message = f"devenv {DEVENV_VERSION} has no service and no language called {name!r}."
    raise UsageError(
        "unknown_name",
        message,
        seen=name,
        remedy="Use one of the alternatives, or give the full option path, for example services.NAME.",
        alternatives=alternatives,
    )


def _nearest_to_enable(name: str, limit: int = 3) -> tuple[str, ...]:
    """Return what can be enabled and is called almost so: other names of it first, then by spelling."""
    from rapidfuzz import process  # noqa: PLC0415  (8 ms that only a mistake needs)
    from rapidfuzz.distance import OSA  # noqa: PLC0415  (8 ms)

    known = {path[1]: path for path in built_in().options if len(path) == _ENABLE_LENGTH and path[2] == "enable"}
    called = [other for other in group_names(name) if other in known]
    far = min(_FAR, max(1, len(name) // 2))
    alike = process.extract(name.lower(), list(known), scorer=OSA.distance, score_cutoff=far, limit=limit)
    found = dict.fromkeys([*called, *(other for other, _, _ in alike)])
    return tuple(format_path(known[other][:-1]) for other in found)[:limit]
