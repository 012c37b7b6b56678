"""Two outputs of the same derivation, compared as Nix hashes them: by names, types, the executable bit, content, links.

Times, owners and other modes are no part of an output (Nix manual, "Nix Archive (NAR) format").
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from devkeel.builds.file_causes import CAUSES, causes_of
from devkeel.text.diff import unified

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

__all__ = ["DifferenceCause", "FileDifference", "TreeComparison", "compare_trees"]

_SHOWN = 20  # files of which more than the name is shown
_NAMED = 200
_CHUNK = 1024 * 1024
_LOOKED_INTO = 16 * 1024 * 1024
_TEXT = 64 * 1024  # bytes of a text that is shown as a diff: difflib takes quadratic time
_LINES, _WIDTH = 40, 200


class DifferenceCause(Struct, frozen=True):
    """Why a file differs: the name, what it is, and what is done about it."""

    name: str
    message: str
    remedy: str


class FileDifference(Struct, frozen=True):
    """One path that differs between two builds.

    path: below the output, `.` for the output itself. kind: what differs. first, second: sizes in bytes, targets of
    links, or what there is. offset: of the first byte that differs. diff: of texts, a bounded part.
    causes: what explains the whole difference; empty where nothing that is known does, or it was not looked into.
    """

    path: str
    kind: Literal["content", "executable", "type", "target", "missing"]
    first: int | str | None = None
    second: int | str | None = None
    offset: int | None = None
    diff: str | None = None
    causes: tuple[DifferenceCause, ...] = ()


class TreeComparison(Struct, frozen=True):
    """What came of comparing. compared: how many paths. differing: how many of them; `files` has the first of these."""

    compared: int
    differing: int
    files: tuple[FileDifference, ...]


def compare_trees(first: Path, second: Path) -> TreeComparison:
    """Return what differs between two outputs, which may be directories, files or links; no link is followed."""
    compared, differing, files = 0, 0, list[FileDifference]()
    for name, left, right in _pairs(first, second):
        compared += 1
        found = _difference(name, left, right, closely=differing < _SHOWN)
        if found is not None:
            differing += 1
            files += [found] if differing <= _NAMED else []
    return TreeComparison(compared, differing, tuple(files))


class _Path(Struct, frozen=True):
    """A path of one output: where it is, and what; None for what is not there."""

    at: Path
    info: os.stat_result | None

    @property
    def kind(self) -> str:
        """What it is, as a NAR knows it."""
        kinds = {stat.S_IFDIR: "directory", stat.S_IFLNK: "link", stat.S_IFREG: "file", 0: "missing"}
        return kinds.get(stat.S_IFMT(self.mode), "other")

    @property
    def mode(self) -> int:
        """Its type and permissions; 0 for what is not there."""
        return self.info.st_mode if self.info else 0

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.info.st_size if self.info else 0


def _path(at: Path) -> _Path:
    try:
        return _Path(at, at.lstat())
    except FileNotFoundError:
        return _Path(at, None)


def _pairs(first: Path, second: Path) -> Iterator[tuple[str, _Path, _Path]]:
    """Yield the paths of both outputs in the order of their names, directories before what is in them."""
    waiting = [("", first, second)]
    while waiting:
        name, left, right = waiting.pop()
        pair = _path(left), _path(right)
        yield name, *pair
        if pair[0].kind == pair[1].kind == "directory":
            below = {item.name for folder in (left, right) for item in folder.iterdir()}
            way = f"{name}/" if name else ""
            waiting += [(f"{way}{item}", left / item, right / item) for item in sorted(below, reverse=True)]


def _difference(name: str, left: _Path, right: _Path, *, closely: bool) -> FileDifference | None:
    shown = _shown(name) or "."
    if "missing" in (left.kind, right.kind):
        return FileDifference(shown, "missing", left.kind, right.kind)
    if left.kind != right.kind:
        return FileDifference(shown, "type", left.kind, right.kind)
    if left.kind == "link":
        target, other = (os.readlink(item.at) for item in (left, right))  # noqa: PTH115  (a Path would tidy it)
        return FileDifference(shown, "target", _shown(target), _shown(other)) if target != other else None
    if left.kind != "file":
        return None
    offset = _first_difference(left, right)
    if offset is not None:
        return _of_content(shown, left, right, offset, closely=closely)
    mark, other = ("executable" if item.mode & stat.S_IXUSR else "not executable" for item in (left, right))
    return FileDifference(shown, "executable", mark, other) if mark != other else None


def _shown(text: str) -> str:
    """Return a name of the file system as text: bytes that are no text as numbers."""
    return os.fsencode(text).decode("utf-8", "backslashreplace")


def _first_difference(left: _Path, right: _Path) -> int | None:
    """Return the offset of the first byte that differs, None where none does."""
    offset = 0
    with _opened(left) as one, _opened(right) as other:
        while True:
            pieces = one.read(_CHUNK), other.read(_CHUNK)
            if pieces[0] != pieces[1]:
                shorter = min(map(len, pieces))
                return offset + next((n for n in range(shorter) if pieces[0][n] != pieces[1][n]), shorter)
            if not pieces[0]:
                return None
            offset += len(pieces[0])


def _of_content(shown: str, left: _Path, right: _Path, offset: int, *, closely: bool) -> FileDifference:
    if not closely or max(left.size, right.size) > _LOOKED_INTO:
        return FileDifference(shown, "content", left.size, right.size, offset)
    before, after = (_content(item) for item in (left, right))
    causes = tuple(DifferenceCause(name, *CAUSES[name]) for name in causes_of(before, after))
    return FileDifference(shown, "content", left.size, right.size, offset, _diff(shown, before, after), causes)


def _opened(item: _Path) -> BinaryIO:
    # open(2), O_NOFOLLOW: it was a file when it was looked at.
    return os.fdopen(os.open(item.at, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def _content(item: _Path) -> bytes:
    with _opened(item) as file:
        return file.read(_LOOKED_INTO)


def _diff(shown: str, before: bytes, after: bytes) -> str | None:
    """Return a bounded diff of two texts, None for what is no text or too large for one."""
    if b"\0" in before + after or max(len(before), len(after)) > _TEXT:
        return None
    try:
        (before + b"\0" + after).decode()
    except UnicodeDecodeError:
        return None
    rows = unified(shown, before, after).split("\n")
    kept = [row if len(row) <= _WIDTH else f"{row[:_WIDTH]}…" for row in rows[:_LINES]]
    return "\n".join([*kept, f"… {len(rows) - _LINES} more lines"] if len(rows) > _LINES else kept)
