"""What Python's manifests name on this machine: looked at before an installer reads it and quotes it in an error.

An installer is a program of its own and reads what a requirements file includes, wherever that is. So each name is
followed here first, and one that leaves the project's Git work tree is refused with its line.
"""

from __future__ import annotations

import posixpath
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError, Place, ProjectError
from devkeel.nix_cli.places import leaves, local_path
from devkeel.project.root import Project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["require_beneath"]

_MOST = 200
_INCLUDES = ("-r", "-c", "--requirement", "--requirements", "--constraint", "--constraints", "--build-constraint")
_OPTION = re.compile(
    r"\s*(?P<option>--(?:requirements?|constraints?|build-constraint|editable|find-links)\b|-[rcef])[\s=]*"
    r"[\"']?(?P<path>[^\s\"'#]\S*?)[\"']?(?:\s|$)"
)
_URL = re.compile(r"(?<![\w+])((?:[a-z]+\+)?file:[^\s;#\"']+)", re.IGNORECASE)
_BARE = re.compile(r"\s*((?:\.{1,2}/|~|/)[^\s;#\"']*)")
_AT = re.compile(r"@\s*((?:\.{1,2}/|/)[^\s;#\"']*)")


def require_beneath(root: Path, manifest: str, read: Callable[[str], bytes | None]) -> None:
    """Refuse a manifest that has an installer read outside of the project's Git work tree.

    read: the files as they would be. Raises ProjectError `outside_root` with the file and its line.
    """
    waiting, seen = [manifest], set[str]()
    while waiting and len(seen) < _MOST:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        data = b""
        with suppress(DevkeelError):
            data = (Project(root).read(name) if name.startswith("../") else read(name)) or b""
        text = data.decode("utf-8", "replace")
        for line, path, includes in _of_toml(text) if name.endswith(".toml") else _of_lines(text):
            place = (
                path
                if path.startswith(("/", "~"))
                else posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            )
            if leaves(root, place):
                raise ProjectError(
                    "outside_root",
                    f"{name} names {path}, which is outside of the project's Git work tree, so no installer is asked.",
                    place=Place(name, line),
                    seen=path,
                    remedy="Move it beneath, or take the line out.",
                )
            if includes and not place.startswith(("/", "~")):
                waiting.append(place)


def _of_lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield line, path, and whether its lines are read too, of a requirements file."""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.partition(" #")[0]
        # pip documentation, Requirements File Format: a # begins a comment at the start of a line, or behind white
        # space.
        if line.lstrip().startswith("#"):
            continue
        option = _OPTION.match(line)
        if option is not None and "://" not in option["path"] and not option["path"].startswith("git+"):
            yield number, local_path(option["path"]) or option["path"], option["option"] in _INCLUDES
        for found in _URL.findall(line):
            if (path := local_path(found)) is not None:
                yield number, path, option is not None and option["option"] in _INCLUDES
        bare = _BARE.match(line) or _AT.search(line)
        if bare is not None:
            yield number, bare[1], False


def _of_toml(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the same of a pyproject.toml: what its requirements and the sources of uv and Poetry name."""
    import tomllib  # noqa: PLC0415  (2 ms that only pyproject.toml needs)

    try:
        loaded = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    tools = loaded.get("tool", {})
    of_tools = [tools.get(name, {}) for name in ("uv", "poetry", "pdm")] if isinstance(tools, dict) else []
    for path, includes in _of_value([loaded.get("project"), loaded.get("dependency-groups"), *of_tools]):
        yield text.count("\n", 0, max(text.find(path), 0)) + 1, path, includes
    dynamic = tools.get("setuptools", {}) if isinstance(tools, dict) else {}
    for path in _files_of(dynamic.get("dynamic") if isinstance(dynamic, dict) else None):
        yield text.count("\n", 0, max(text.find(path), 0)) + 1, path, True


def _of_value(value: object) -> Iterator[tuple[str, bool]]:
    if isinstance(value, dict):
        path = value.get("path")
        if isinstance(path, str):
            yield path, False
        for inner in value.values():
            yield from _of_value(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _of_value(inner)
    elif isinstance(value, str) and (found := [*_URL.findall(value), *_AT.findall(value)]):
        yield from ((path, False) for item in found if (path := local_path(item)) is not None)


def _files_of(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        named = value.get("file")
        yield from [named] if isinstance(named, str) else [item for item in named or [] if isinstance(item, str)]
        for inner in value.values():
            yield from _files_of(inner)
