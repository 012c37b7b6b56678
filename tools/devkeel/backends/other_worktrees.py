"""What other worktrees of a repository have in use, which a fresh one of the same declaration takes over.

A declaration without a lock is resolved at each apply, and each library imported before it is put in use. A worktree
that has no environment yet need do neither where another one did, of the same inputs: all that decides the result.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from devkeel.backends.generations import Home, inputs_of
from devkeel.candidate.repository import other_worktrees
from devkeel.errors import StateError
from devkeel.libraries.manifests import pyproject
from devkeel.libraries.manifests.requirement_lines import lines_of, tolerant_text
from devkeel.libraries.resolve.installers import tool_environment
from devkeel.project.root import digest
from devkeel.source import toml
from devkeel.state import directory as state_directory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from devkeel.project.root import Project

__all__ = ["NOTE", "TakenOver", "made_elsewhere", "own_inputs"]

NOTE = "the versions are those that another worktree of this repository has of the same declaration"

# What names a file whose text is not looked at here (uv, "Environment variables"; pip, `--constraint`).
_FILES_OF_UV = frozenset(
    {"UV_CONFIG_FILE", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_BUILD_CONSTRAINT", "UV_EXCLUDE", "UV_ENV_FILE"}
)
# Where packages are looked for: a directory beside the project is another one in another worktree.
_INDEXES = ("UV_FIND_LINKS", "UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")
# uv reads the nearest of these, the user's and the system's (uv, "Configuration files").
_SETTINGS = ("uv.toml", "pyproject.toml")
_MORE_SETTINGS = ("~/.config/uv/uv.toml", "/etc/uv/uv.toml", "/etc/xdg/uv/uv.toml")
# What a lock has from a directory is another one in each worktree; a file, as those of an index, has its hash.
_LOCAL = re.compile(rb"""^source = \{ (?:directory|editable|virtual) = "(?!\.")""", re.MULTILINE)
# Plain versions: a path, an editable or a URL has a content that no version says.
_PLAIN = re.compile(r"(?:[\w.-]+(?:\[[\w.,-]*\])?==[^\s@]+(?:\s*;[^\n]*?)?|\s+--hash=\w+:\w+|#[^\n]*|\s*)(?:\s*\\)?")


class TakenOver(msgspec.Struct, frozen=True):
    """What a generation was made of. pins: exact versions, one a line; None for what a lock has."""

    inputs: str
    pins: str | None = None

    def text(self) -> str:
        """Return it as a generation keeps it."""
        return msgspec.json.encode(self).decode()


def own_inputs(project: Project, files: Mapping[str, bytes], asked: str) -> str | None:
    """Return a digest of all that decides what is installed; None where a part of it is out of sight.

    files: the manifest, the lock and the files of groups, by name. asked: of which Python, which parts.
    """
    try:
        variables, settings = tool_environment(), [*_settings(project.root)]
    except OSError:
        return None
    plain = all(_is_plain(*item) for item in files.items()) and all(_looks_nowhere_near(*item) for item in settings)
    if not plain or not _FILES_OF_UV.isdisjoint(variables) or _near_by(variables):
        return None
    parts = [asked, *(f"{name} {digest(data)}" for name, data in sorted(files.items()))]
    parts += (f"{name}={value}" for name, value in sorted(variables.items()))
    parts += (f"{place} {digest(data)}" for place, data in settings)
    return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _is_plain(name: str, data: bytes) -> bool:
    """Return whether a file says by itself what is asked for: no other file, directory or build back end is asked."""
    if name.endswith(".lock"):
        return _LOCAL.search(data) is None
    if not name.endswith(".toml"):
        lines = lines_of(tolerant_text(data))
        return all(line.requirement is not None and line.requirement.url is None for line in lines if line.text)
    with suppress(ValueError):
        return _looks_nowhere_near(name, data) and not pyproject.is_dynamic(data)
    return False


def _looks_nowhere_near(name: str, data: bytes) -> bool:
    """Return whether the settings of uv in a file name no directory of its own."""
    with suppress(ValueError, AttributeError, TypeError, KeyError):
        model: Any = toml.loads(data)
        uv = model if name == "uv.toml" else model.get("tool", {}).get("uv", {})
        asked = [uv, uv.get("pip", {})]  # uv, "Settings": `pip` has its own of what `uv pip` reads
        return not any(item.keys() & {"sources", "workspace", "find-links"} or _near(item) for item in asked)
    return False


def _near(uv: dict[str, Any]) -> bool:
    """Return whether an index is a directory beside the file."""
    named = [uv.get("index-url", ""), *uv.get("extra-index-url", []), *(item["url"] for item in uv.get("index", []))]
    return any(url and "://" not in url for url in named)


def _near_by(variables: Mapping[str, str]) -> bool:
    found = (place for name in _INDEXES for place in re.split(r"[\s,]+", variables.get(name, "")) if place)
    return any("://" not in place and not place.startswith("/") for place in found)


def _settings(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files in which uv may find settings; those above the project by their names alone."""
    above = (folder / name for folder in (root, *root.parents) for name in _SETTINGS)
    # XDG Base Directory Specification: what is set takes the place of ~/.config and /etc/xdg.
    folders = (os.environ.get("XDG_CONFIG_HOME", ""), *os.environ.get("XDG_CONFIG_DIRS", "").split(":"))
    more = (*(f"{folder}/uv/uv.toml" for folder in folders if folder), *map(os.path.expanduser, _MORE_SETTINGS))
    for path in (*above, *map(Path, more)):
        if path != root / "pyproject.toml" and path.is_file():
            yield path.name, path.read_bytes()


def made_elsewhere(project: Project, keep: Path, inputs: str) -> TakenOver | None:
    """Return what a generation in use in another worktree was made of, where its inputs are the same.

    keep: the directory of the environment inside `.devkeel`; of any name there.
    """
    envs = keep.parent.relative_to(project.root)
    for root in other_worktrees(project.root):
        for name in state_directory.names(root / envs):
            found = _in_use(root / envs / name)
            if found is not None and found.inputs == inputs and _all_plain(found.pins):
                return found
    return None


def _in_use(path: Path) -> TakenOver | None:
    # Only what this user's devkeel put in use there: the record of it is sealed.
    with suppress(ValueError, StateError):
        generation = Home(path).current
        text = generation and inputs_of(generation)
        return msgspec.json.decode(text, type=TakenOver) if text else None
    return None


def _all_plain(pins: str | None) -> bool:
    return all(_PLAIN.fullmatch(line) for line in (pins or "").splitlines())
