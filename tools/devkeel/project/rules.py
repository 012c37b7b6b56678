"""Rules about content: `[rules]` of devkeel.toml, which say what a change may bring into a project."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from devkeel.errors import ProjectError

__all__ = ["NAMED", "NameRule", "Rules", "file_glob", "rules_in"]

_UNKNOWN = ("allow", "deny")


class NameRule(Struct, frozen=True):
    """Names that may come into a project, as globs (`*`, `?`, `[…]`); what is forbidden goes before what is allowed.

    allow: None for all. unknown: what becomes of what cannot be told. line: of devkeel.toml.
    """

    allow: tuple[str, ...] | None = None
    forbid: tuple[str, ...] = ()
    unknown: Literal["allow", "deny"] = "allow"
    lines: Mapping[str, int | None] = {}

    def broken_by(self, *names: str) -> str | None:
        """Return which list keeps something out that has these names: `forbid`, `allow`, or None."""
        if any(fnmatchcase(name, glob) for name in names for glob in self.forbid):
            return "forbid"
        if self.allow is None or any(fnmatchcase(name, glob) for name in names for glob in self.allow):
            return None
        return "allow"


class Rules(Struct, frozen=True):
    """What a change may bring into a project, and which files it may touch.

    protected_files: globs over paths from the root. reference_rules: names of rules for what inputs refer to.
    minimum_age_days: how old a version of a library is before it is taken. unseen: what becomes of what the
    rules cannot see, for it is computed. lines: of devkeel.toml, by the rule.
    """

    protected_files: tuple[str, ...] = ()
    packages: NameRule | None = None
    libraries: NameRule | None = None
    services: NameRule | None = None
    languages: NameRule | None = None
    licences: NameRule | None = None
    registries: NameRule | None = None
    inputs: NameRule | None = None
    reference_rules: tuple[str, ...] = ()
    minimum_age_days: float | None = None
    unseen: Literal["allow", "deny"] = "allow"
    lines: Mapping[str, int | None] = field(default_factory=dict)

    def line(self, rule: str, part: str) -> int | None:
        """Return the line of devkeel.toml that a part of a rule stands in."""
        found: NameRule | None = getattr(self, rule, None)
        return (found.lines.get(part) if isinstance(found, NameRule) else None) or self.lines.get(rule)


# The rules that are lists of names.
NAMED = ("packages", "libraries", "services", "languages", "licences", "registries", "inputs")


def rules_in(  # noqa: C901  (one branch for each kind of rule)
    found: Mapping[str, Any],
    references: Sequence[str],
    wrong: Callable[[str, tuple[str, ...]], ProjectError],
    line: Callable[[tuple[str, ...]], int | None],
) -> Rules:
    """Return the rules of a table of devkeel.toml.

    references: the known rules of references. wrong: makes the error of a text and a key. line: of a key.
    """
    given: dict[str, Any] = {}
    for name, value in found.items():
        keys = ("rules", name)
        if name in NAMED:
            table = {"rules": value} if name == "inputs" and isinstance(value, list) else value
            if not isinstance(table, dict):
                raise wrong(f"rules.{name} takes a table with `allow` and `forbid`", keys)
            if name == "inputs":
                given["reference_rules"] = _texts(table.get("rules", []), "rules.inputs.rules", keys, wrong)
                unknown = [item for item in given["reference_rules"] if item not in references]
                if unknown:
                    raise wrong(f"{unknown[0]} is not one of {', '.join(references)}", keys)
            given[name] = _named(name, {key: item for key, item in table.items() if key != "rules"}, wrong, line)
        elif name == "protected_files":
            given[name] = _texts(value, "rules.protected_files", keys, wrong)
            bad = next((item for item in given[name] if not _is_file_glob(item)), None)
            if bad is not None:
                raise wrong(f"{bad!r} is no glob over paths from the project's root", keys)
        elif name == "minimum_age_days":
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _AGES:
                raise wrong("rules.minimum_age_days is a number of days", keys)
            given[name] = float(value)
        elif name == "unseen":
            if value not in _UNKNOWN:
                raise wrong(f"rules.unseen is one of {', '.join(_UNKNOWN)}", keys)
            given[name] = value
        else:
            known = ", ".join((*NAMED, "protected_files", "minimum_age_days", "unseen"))
            raise wrong(f"rules has no {name}; it has {known}", keys)
    return Rules(**given, lines={name: line(("rules", name)) for name in found})


_AGES = 36_500


def _named(
    rule: str,
    table: Mapping[str, Any],
    wrong: Callable[[str, tuple[str, ...]], ProjectError],
    line: Callable[[tuple[str, ...]], int | None],
) -> NameRule:
    given: dict[str, Any] = {}
    for key, value in table.items():
        keys = ("rules", rule, key)
        if key in ("allow", "forbid"):
            given[key] = _texts(value, f"rules.{rule}.{key}", keys, wrong)
        elif key == "unknown" and rule == "licences":
            if value not in _UNKNOWN:
                raise wrong(f"rules.{rule}.unknown is one of {', '.join(_UNKNOWN)}", keys)
            given[key] = value
        else:
            raise wrong(f"rules.{rule} has no {key}; it takes `allow` and `forbid`", keys)
    return NameRule(**given, lines={key: line(("rules", rule, key)) for key in table})


def _texts(
    value: object, name: str, keys: tuple[str, ...], wrong: Callable[[str, tuple[str, ...]], ProjectError]
) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise wrong(f"{name} takes a list of texts", keys)
    return tuple(dict.fromkeys(value))


def _is_file_glob(glob: str) -> bool:
    parts = glob.removeprefix("./").removeprefix("/").split("/")
    return ".." not in parts and "." not in parts and any(parts) and not glob.startswith("!")


def file_glob(glob: str, *, folds: bool = False) -> re.Pattern[str]:
    """Return what a glob over paths from the root matches, as Git reads a line of .gitignore.

    Without a slash but at its end it is a name at any depth; `**` is any number of folders; what is below a folder that
    it fits counts too. folds: whether the file system takes two names for one that differ in case alone.
    """
    body = glob.removeprefix("./").rstrip("/")
    anchored = "/" in body
    parts = [part for part in body.split("/") if part]
    expression = "" if anchored else "(?:.*/)?"
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            expression += ".*" if last else "(?:.*/)?"
        else:
            expression += _part(part) + ("" if last else "/")
    return re.compile(f"{expression}(?:/.*)?", re.IGNORECASE if folds else 0)


def _part(glob: str) -> str:
    made, at = "", 0
    while at < len(glob):
        sign, at = glob[at], at + 1
        end = glob.find("]", at + 1) if sign == "[" else -1
        if sign == "*":
            made += "[^/]*"
        elif sign == "?":
            made += "[^/]"
        elif end > 0:
            inner = glob[at:end].replace("\\", "\\\\")
            made += f"[{'^' + inner[1:] if inner[0] == '!' else inner}]"
            at = end + 1
        else:
            made += re.escape(sign)
    return made
