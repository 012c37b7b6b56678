"""What an environment has in it beyond what its declaration says by itself: as a call asks, or devkeel.toml describes.

devkeel.toml describes environments by their names, so that each is made the same on every machine:

    [environments.torch-gpu]
    backend = "conda"
    manifest = "environment-gpu.yml"
    channels = ["conda-forge"]
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["RESERVED", "Contents", "DescribedEnvironment", "described_in"]

# `base`, and `root` as it was called before, are conda's own installation.
RESERVED = frozenset({"base", "root", "default"})
# As `devkeel.environments.names` leaves them, so that what a call names is what is described.
_NAME = re.compile(r"[a-z_][a-z0-9_]*(?:-[a-z0-9_]+)*")
# PEP 735 and PEP 685: how groups and extras are called; none of them can be taken for an option of an installer.
_PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
# A name of a channel or its address, no option.
_CHANNEL = re.compile(r"[A-Za-z0-9/][^\s\x00-\x1f\"'\\]*")
_PYTHON = re.compile(r"[A-Za-z0-9/][\w.@+/-]*")
_LISTS = {"groups": _PART, "extras": _PART, "channels": _CHANNEL}
# Which files an environment of a backend is made of, where devkeel.toml names one.
_ENDINGS = {"venv": (".txt", ".in", "pyproject.toml"), "conda": (".yml", ".yaml")}
_OF_CONDA, _OF_VENV = ("channels", "pip"), ("groups", "extras", "project")


class Contents(Struct, frozen=True, omit_defaults=True):
    """What is asked for beside what the declaration's manifest says by itself.

    manifest: the file that it is made of, None for the project's. project: whether the project itself is installed.
    groups: dependency groups; default_groups: whether the default ones (`dev`, or uv's `default-groups`) are beside
    them. extras: of the project. channels: those of conda in place of the manifest's, None for these. pip: whether the
    `pip:` section of environment.yml is installed.
    """

    manifest: str | None = None
    project: bool = True
    groups: tuple[str, ...] = ()
    default_groups: bool = True
    extras: tuple[str, ...] = ()
    channels: tuple[str, ...] | None = None
    pip: bool | None = None

    def with_more(self, other: Contents) -> Contents:
        """Return these with what a call asks for as well."""
        return Contents(
            other.manifest or self.manifest,
            self.project and other.project,
            tuple(dict.fromkeys((*self.groups, *other.groups))),
            self.default_groups and other.default_groups,
            tuple(dict.fromkeys((*self.extras, *other.extras))),
            self.channels if other.channels is None else other.channels,
            self.pip if other.pip is None else other.pip,
        )

    @classmethod
    def of_record(cls, found: object) -> Contents:
        """Return what was recorded; nothing where that is no such record."""
        if not isinstance(found, dict):
            return cls()
        known: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in found.items()
            if name in cls.__struct_fields__
        }
        return cls(**known)


class DescribedEnvironment(Struct, frozen=True):
    """An environment as devkeel.toml describes it. backend, python: None where it does not say."""

    name: str
    backend: str | None = None
    python: str | None = None
    contents: Contents = Contents()


def described_in(
    found: object, backends: tuple[str, ...], error: Callable[[str, tuple[str, ...]], Exception]
) -> dict[str, DescribedEnvironment]:
    """Return the environments that the table `environments` describes, by name.

    error: makes the error of a sentence and the keys that lead to what it is about.
    """
    if not isinstance(found, dict):
        raise error("environments is a table of environments by their names", ("environments",))
    return {name: _described(name, table, backends, error) for name, table in found.items()}


def _described(
    name: str, table: object, backends: tuple[str, ...], error: Callable[[str, tuple[str, ...]], Exception]
) -> DescribedEnvironment:
    def wrong(why: str, *keys: str) -> Exception:
        return error(f"environments.{'.'.join((name, *keys))} {why}", ("environments", name, *keys))

    if not _NAME.fullmatch(name) or name in RESERVED:
        raise wrong("is no name of an environment: lower case, digits and hyphens; base, root and default are reserved")
    if not isinstance(table, dict):
        raise wrong("is no table")
    for key in table:
        if key not in _KINDS:
            raise wrong(f"is not known: {', '.join(_KINDS)} are", key)
        why = _KINDS[key](table[key], key)
        if why:
            raise wrong(why, key)
    backend = table.get("backend")
    if backend is not None and backend not in backends:
        raise wrong(f"is no backend: {', '.join(backends)} are", "backend")
    for key in _misplaced(table, backend):
        raise wrong(f"means nothing to the {backend} backend", key)
    if "manifest" in table and not table["manifest"].endswith(_endings(backend)):
        raise wrong(f"is no file that {'the ' + backend if backend else 'a'} backend is given", "manifest")
    return DescribedEnvironment(name, backend, table.get("python"), _contents(table))


def _contents(table: Mapping[str, Any]) -> Contents:
    plain = {key: table[key] for key in ("manifest", "project", "pip") if key in table}
    lists = {key: tuple(table[key]) for key in _LISTS if key in table}
    # A list of groups is all of them: `groups = []` has none, also not the default ones.
    return replace(Contents(), **plain, **lists, default_groups="groups" not in table)


def _misplaced(table: Mapping[str, Any], backend: object) -> tuple[str, ...]:
    others = {"venv": _OF_CONDA, "conda": _OF_VENV, "devenv": (*_OF_CONDA, *_OF_VENV), "flake": (*_OF_CONDA, *_OF_VENV)}
    nix = ("manifest", "python") if backend in ("devenv", "flake") else ()
    return tuple(key for key in (*others.get(str(backend), ()), *nix) if key in table)


def _endings(backend: object) -> tuple[str, ...]:
    return _ENDINGS.get(str(backend), tuple(each for endings in _ENDINGS.values() for each in endings))


def _is_text(value: object, key: str) -> str | None:
    pattern = _PYTHON if key == "python" else None
    fits = isinstance(value, str) and (pattern is None or pattern.fullmatch(value))
    return None if fits else "is a text" if not isinstance(value, str) else "is no version of Python and no program"


def _is_bool(value: object, _: str) -> str | None:
    return None if isinstance(value, bool) else "is true or false"


def _is_list(value: object, key: str) -> str | None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return "is a list of names"
    wrong = next((item for item in value if not _LISTS[key].fullmatch(item)), None)
    return None if wrong is None else f"has {wrong!r}, which is no such name"


def _is_file(value: object, _: str) -> str | None:
    if not isinstance(value, str):
        return "is the name of a file"
    inside = not value.startswith(("/", "~", "-")) and posixpath.normpath(value) == value and not value.startswith("..")
    return None if inside else "is the path of a file inside the project, relative to its root"


_KINDS: dict[str, Callable[[object, str], str | None]] = {
    "backend": _is_text,
    "python": _is_text,
    "manifest": _is_file,
    "groups": _is_list,
    "extras": _is_list,
    "channels": _is_list,
    "project": _is_bool,
    "pip": _is_bool,
}
