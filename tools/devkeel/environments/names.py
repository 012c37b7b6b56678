"""Named environments of a project: how a name is made, where its environment is, which ones there are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.backends.generations import Home
from devkeel.backends.registry import BACKENDS
from devkeel.errors import UsageError
from devkeel.project.contents import RESERVED
from devkeel.state import directory
from devkeel.state.files import read_record, require_no_link

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from devkeel.project.root import Project, Reader

__all__ = ["NamedEnvironment", "all_environments", "default_name", "home_of", "kept_default", "sanitised"]

_FOLDER = "envs"
# NAME_MAX, in bytes (limits.h): it becomes a directory.
_LONGEST = 255
# YAML 1.2, 7.3: a scalar between quotes may have blanks and `#`, a plain one ends before ` #`.
_CONDA_NAME = re.compile(
    rb"""^name:[ \t]*(?:'([^'\n]+)'|"([^"\n]+)"|([^\s'"#](?:[^\n#]*[^\s#])?))[ \t\r]*(?:#.*)?$""", re.MULTILINE
)
_UNRECORDED = "venv"  # what made an environment whose record is lost


class NamedEnvironment(Struct, frozen=True):
    """An environment as it is registered. prefix: the generation in use, None where there is none."""

    name: str
    backend: str
    python: str | None
    prefix: Path | None
    leftovers: int


def sanitised(name: str) -> str:
    """Return a name as environments have it: lower case, hyphens, a letter or an underscore first, at most 255 bytes.

    Raises UsageError `bad_environment_name` where nothing is left, or what is left means something to conda.
    """
    plain = _plain(name)
    if not plain or plain in RESERVED:
        raise UsageError(
            "bad_environment_name",
            f"{name[:80]!r} cannot name an environment.",
            seen=name[:80],
            remedy="Use letters, digits and hyphens; base, root and default are reserved.",
        )
    return plain


def _plain(name: str) -> str:
    plain = re.sub(r"[^a-z0-9_]+", "-", name.strip().lower()).strip("-")[:_LONGEST].rstrip("-")
    return f"_{plain}"[:_LONGEST] if plain and plain[0].isdigit() else plain


def default_name(project: Reader, setting: str | None, kept: str | None = None) -> str:
    """Return the name of the default environment: devkeel.toml's, environment.yml's, the directory's.

    kept: the one that it was made by, which stays when the directory gets another.
    """
    if setting is not None:
        return sanitised(setting)
    for candidate in (_conda_name(project), kept, project.root.name, "environment"):
        try:
            return sanitised(candidate or "")
        except UsageError:
            continue
    raise AssertionError("the last name is one")


def kept_default(state: Path) -> str | None:
    """Return the name that the default environment was made by."""
    name = (read_record(state / "default.json") or {}).get("name")
    return name if isinstance(name, str) else None


def _conda_name(project: Reader) -> str | None:
    for file in ("environment.yml", "environment.yaml"):
        data = project.read(file)
        if data is not None:
            found = _CONDA_NAME.search(data)
            return next(item for item in found.groups() if item).decode("utf-8", "replace") if found else None
    return None


def home_of(project: Project, name: str) -> Home:
    """Return where an environment of that name is, or would be. Raises ProjectError `not_writable` behind a link."""
    path = project.state / _FOLDER / sanitised(name)
    require_no_link(project.state, path)
    return Home(path)


def all_environments(project: Project) -> Iterator[NamedEnvironment]:
    """Yield the environments that are registered, by name. The registry has no path: a project may be moved."""
    for name in directory.names(project.state / _FOLDER):
        path = project.state / _FOLDER / name
        if not directory.is_folder(path):
            continue
        home = Home(path)
        record: dict[str, Any] = home.record()
        backend, python = str(record.get("backend", _UNRECORDED)), record.get("python")
        # A devkeel that is older than the record may lack its backend.
        named = path.name == _plain(path.name) and path.name not in RESERVED and backend in BACKENDS
        if named and (record or home.current):
            yield NamedEnvironment(
                path.name, backend, python if isinstance(python, str) else None, home.current, len(home.leftovers())
            )
