"""What a patch in the format of Codex (`apply_patch`) makes of the files that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["read_patch"]

_BEGIN, _END = "*** Begin Patch", "*** End Patch"
_ADD, _UPDATE, _DELETE, _MOVE = "*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: "
_HUNK, _LAST = "@@", "*** End of File"


class _Unclear(Exception):
    """The patch does not fit the files, or is of a form that is not known here."""


def read_patch(text: str, read: Callable[[str], bytes | None]) -> dict[str, bytes | None]:
    """Return the files after a patch by the paths that it names, None for one that goes; {} where it is not clear.

    read: returns what a file has now. Hunks must be found exactly, one behind the other: Codex also tolerates other
    white space, which is for Codex to decide.
    """
    try:
        return dict(_files(text, read))
    except _Unclear:
        return {}


def _files(text: str, read: Callable[[str], bytes | None]) -> Iterator[tuple[str, bytes | None]]:
    lines = text.strip("\n").split("\n")
    if _BEGIN not in lines or _END not in lines:
        raise _Unclear
    lines = lines[lines.index(_BEGIN) + 1 : lines.index(_END)]
    at = 0
    while at < len(lines):
        until = next(
            (n for n in range(at + 1, len(lines)) if lines[n].startswith((_ADD, _UPDATE, _DELETE))), len(lines)
        )
        yield from _file(lines[at], lines[at + 1 : until], read)
        at = until


def _file(head: str, body: list[str], read: Callable[[str], bytes | None]) -> Iterator[tuple[str, bytes | None]]:
    if head.startswith(_DELETE):
        yield head.removeprefix(_DELETE), None
    elif head.startswith(_ADD):
        if not all(line.startswith("+") for line in body):
            raise _Unclear
        yield head.removeprefix(_ADD), "".join(f"{line[1:]}\n" for line in body).encode()
    elif head.startswith(_UPDATE):
        path, data = head.removeprefix(_UPDATE), read(head.removeprefix(_UPDATE))
        if data is None:
            raise _Unclear
        moved = [line.removeprefix(_MOVE) for line in body if line.startswith(_MOVE)]
        new = _updated(data.decode("utf-8", "surrogateescape"), [line for line in body if not line.startswith(_MOVE)])
        if moved:
            yield path, None
        yield moved[0] if moved else path, new.encode("utf-8", "surrogateescape")
    else:
        raise _Unclear


def _updated(text: str, body: list[str]) -> str:
    """Return a text after an update: ` ` keeps a line, `-` takes one, `+` adds one; `@@` leads to one."""
    lines, at = text.split("\n"), 0
    old, new = list[str](), list[str]()
    for line in [*body, _HUNK]:
        if line.startswith(_HUNK):
            at = _replace(lines, at, old, new)
            old, new = [], []
            context = line.removeprefix(_HUNK).strip()
            if context:
                at = next((n + 1 for n in range(at, len(lines)) if lines[n].strip() == context), -1)
                if at < 0:
                    raise _Unclear
        elif line.startswith(_LAST):
            continue
        else:
            sign, rest = line[:1] or " ", line[1:]
            if sign not in " +-":
                raise _Unclear
            old += [rest] if sign in " -" else []
            new += [rest] if sign in " +" else []
    return "\n".join(lines)


def _replace(lines: list[str], start: int, old: list[str], new: list[str]) -> int:
    """Put new lines in place of old ones, and return where the search goes on."""
    if not old and not new:
        return start
    if not old:
        end = len(lines) - (lines[-1] == "")
        lines[end:end] = new
        return end + len(new)
    for at in range(start, len(lines) - len(old) + 1):
        if lines[at : at + len(old)] == old:
            lines[at : at + len(old)] = new
            return at + len(new)
    raise _Unclear
