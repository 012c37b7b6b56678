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
from devkeel.libraries.manifests.requirement_lines import lines_of, tolerant_text
from devkeel.nix_cli.places import leaves, local_path
from devkeel.project.root import Project
from devkeel.source import toml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["require_beneath"]

_MOST = 200
_INCLUDES = ("-r", "-c", "--requirement", "--requirements", "--constraint", "--constraints", "--build-constraint")
_OPTION = re.compile(
    r"(?:^|(?<=\s))(?P<option>--(?:requirements?|constraints?|build-constraint|editable|find-links|(?:extra-)?index-url)\b"
    r"|-[rcefi])[\s=]*[\"']?(?P<path>[^\s\"'#]\S*?)[\"']?(?:\s|$)"
)
_REMOTE = re.compile(r"(?:git\+)?(?!file:)[a-z][a-z0-9+.-]*://|(?:git|hg|svn|bzr)\+(?!file:)", re.IGNORECASE)
_URL = re.compile(r"(?<![\w+])((?:[a-z]+\+)?file:[^\s;#\"']+)", re.IGNORECASE)
_BARE = re.compile(r"\s*((?:\.{1,2}/|~|/)[^\s;#\"']*)")
_AT = re.compile(r"@\s*((?:\.{1,2}/|/)[^\s;#\"']*)")
# pip, req/req_file.py, `ENV_VAR_RE`; uv replaces the same, also in what pyproject.toml requires. Whose value it is, is
# not known here: a home directory, as often as not.
_EXPANDED = re.compile(r"\$\{[A-Z0-9_]+\}")
_BEFORE = re.compile(r"(?:--[\w-]+=|-[rcefi])?[\"']?(?:[\w.-]+(?:\[[^\]]*\])?@)?")
_COMPARED = re.compile(r"(?:[\w.-]+(?:\[[^\]]*\])?)?(?:[=<>~!]=?=?|[<>])")
_AT_VARYING = re.compile(r"@\s*([^\s;]*\$\{[A-Z0-9_]+\}[^\s;]*)")
# The keys of uv's tables whose values are read where they are paths of this machine.
_INDEXES = frozenset({"url", "index-url", "extra-index-url", "default-index", "find-links"})


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
        for line, path, includes in _of_toml(data) if name.endswith(".toml") else _of_lines(tolerant_text(data)):
            place = _place_of(name, path)
            if place is None or leaves(root, place):
                raise _outside(name, line, path)
            if includes and not place.startswith(("/", "~")):
                waiting.append(place)


def _place_of(name: str, path: str) -> str | None:
    """Return where a path of a file leads, from the root; None where a variable decides that."""
    if _EXPANDED.search(path):
        return None
    return path if path.startswith(("/", "~")) else posixpath.normpath(posixpath.join(posixpath.dirname(name), path))


def _outside(name: str, line: int, path: str) -> ProjectError:
    varies = _EXPANDED.search(path)
    return ProjectError(
        "outside_root",
        f"{name} names {path}, "
        + (f"and where that is depends on {varies[0]}" if varies else "which is outside of the project's Git work tree")
        + ", so no installer is asked.",
        place=Place(name, line),
        seen=path,
        remedy="Write the path without the variable." if varies else "Move it beneath, or take the line out.",
    )


def _of_lines(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield line, path, and whether its lines are read too, of a requirements file."""
    for number, line in _logical(text):
        for option in _OPTION.finditer(line):
            path, includes = option["path"], option["option"] in _INCLUDES
            if not _REMOTE.match(path):
                yield number, local_path(path) or path, includes
        first = _OPTION.match(line.lstrip())
        for found in _URL.findall(line):
            if (path := local_path(found)) is not None:
                yield number, path, first is not None and first["option"] in _INCLUDES
        bare = _BARE.match(line) or _AT.search(line)
        if bare is not None:
            yield number, bare[1], False
        yield from ((number, word, False) for word in _varying(line))


def _logical(text: str) -> list[tuple[int, str]]:
    """Return the lines with the number of their first, as pip joins them behind a backslash and as they stand.

    pip joins behind a remark too, where uv does not: what either of them reads counts.
    """
    lines = {(line.number, line.text) for line in lines_of(text)}
    for number, raw in enumerate(text.splitlines(), start=1):
        # pip documentation, Requirements File Format: a # begins a comment at the start of a line, or behind white
        # space.
        line = raw.partition(" #")[0]
        if not line.lstrip().startswith("#"):
            lines.add((number, line))
    return sorted(lines)


def _varying(line: str) -> Iterator[str]:
    """Yield the words whose variables can lead to another place: not what is a host's, or compared with a version."""
    words = line.split()
    for before, word in zip(["", *words], words, strict=False):
        if _EXPANDED.search(word) and not _COMPARED.fullmatch(before):
            start = _BEFORE.match(word)
            path = word[start.end() if start else 0 :]
            if not (_REMOTE.match(path) or _COMPARED.match(path)):
                yield path.strip("\"'")


def _of_toml(data: bytes) -> Iterator[tuple[int, str, bool]]:
    """Yield the same of a pyproject.toml: what its requirements and the sources of uv and Poetry name."""
    text = data.decode("utf-8", "replace")
    try:
        loaded = toml.loads(data)
    except ValueError:
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
        for key, inner in value.items():
            if isinstance(inner, str) and key == "path":
                yield inner, False
            named = inner if isinstance(inner, list) else [inner]
            if key in _INDEXES:
                yield from ((item, False) for item in named if isinstance(item, str) and _is_local(item))
            yield from _of_value(inner)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, str):
                yield from ((path, False) for path in _AT_VARYING.findall(inner) if not _REMOTE.match(path))
            yield from _of_value(inner)
    elif isinstance(value, str) and (found := [*_URL.findall(value), *_AT.findall(value)]):
        yield from ((path, False) for item in found if (path := local_path(item)) is not None)


def _is_local(index: str) -> bool:
    return index.startswith(("/", ".", "~")) or (_EXPANDED.search(index) is not None and not _REMOTE.match(index))


def _files_of(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        named = value.get("file")
        yield from [named] if isinstance(named, str) else [item for item in named or [] if isinstance(item, str)]
        for inner in value.values():
            yield from _files_of(inner)
