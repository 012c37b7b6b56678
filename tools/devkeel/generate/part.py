"""The generated part of a file: two marks in comments, what is made anew between them, the reader's text around them.

    # >>> devkeel makes this part (envrc 0123456789abcdef): write above or below it.
    # {"environment": "dev"}
    …
    # <<< devkeel (envrc)

The second line has the parameters, which may be changed there. The digest is of the lines below it, with line feeds,
so that neither a checkout with CRLF nor a later devkeel that makes other text is taken for an edit by hand.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from devkeel.errors import Place, Refused, UsageError
from devkeel.text.actions import again
from devkeel.text.diff import unified

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["FoundPart", "PartText", "find_parts", "renew"]

_BEGIN = re.compile(
    r"\ufeff?[ \t]*(?:#|//) >>> devkeel makes this part \((?P<kind>[a-z][a-z0-9-]*) (?P<digest>[0-9a-f]{16})\)[^\r\n]*"
)
_END = re.compile(r"[ \t]*(?:#|//) <<< devkeel \((?P<kind>[a-z][a-z0-9-]*)\)[^\r\n]*")
_MARK = re.compile(r"\ufeff?[ \t]*(?:#|//) (?:>>>|<<<) devkeel\b")
_HEAD_LINES = 2


class PartText(Struct, frozen=True):
    """A part as it is to be. text: its lines, the last with its line feed. comment: what begins one in this format.

    before, after: what a file begins with that has none yet; it is the reader's from then on.
    """

    kind: str
    text: str
    parameters: Mapping[str, Any]
    comment: str = "#"
    before: str = ""
    after: str = ""

    def lines(self) -> list[str]:
        """Return the lines of the part, marks included, without their ends.

        Raises UsageError `bad_parameter` where a value would be read as a mark.
        """
        body = self.text.removesuffix("\n").split("\n")
        if any(_MARK.match(line) for line in body):
            raise UsageError(
                "bad_parameter",
                "A value has a line that looks like the marks of a generated part.",
                remedy="Give the value without that line.",
            )
        indent = body[0][: len(body[0]) - len(body[0].lstrip(" "))]
        head = f">>> devkeel makes this part ({self.kind} {_digest(self.text)}): write above or below it."
        # What is in a parameter keeps its order, which may be that of what is made of it. In ASCII: YAML and Nix end a
        # comment at different characters.
        given = json.dumps(dict(sorted(self.parameters.items())))
        start = f"{indent}{self.comment} "
        return [start + head, start + given, *body, f"{start}<<< devkeel ({self.kind})"]


class FoundPart(Struct, frozen=True):
    """A part as it is found. first, last: its lines, counted from 0, marks included. text: with line feeds.

    parameters: None where that line is no JSON object. crlf: how its lines end.
    """

    kind: str
    first: int
    last: int
    text: str
    parameters: dict[str, Any] | None
    digest: str
    crlf: bool

    @property
    def edited(self) -> bool:
        """Whether it is other than devkeel left it."""
        return _digest(self.text) != self.digest


def find_parts(name: str, data: bytes) -> list[FoundPart]:
    """Return the parts of a file. Raises Refused `generated_part_edited` where its marks are not whole pairs."""
    lines, parts, begun = _lines(data), list[FoundPart](), None
    for number, line in enumerate(lines):
        if not _MARK.match(line):
            continue
        begin, end = _BEGIN.match(line), _END.match(line)
        if begin and begun is None:
            begun = (number, begin)
        elif end and begun is not None and begun[1]["kind"] == end["kind"] and number > begun[0] + 1:
            parts.append(_part(lines, begun, number))
            begun = None
        else:
            raise _broken(name, begun[0] if begun else number)
    if begun is not None:
        raise _broken(name, begun[0])
    return parts


def renew(name: str, data: bytes | None, wanted: PartText, *, replace: bool) -> tuple[bytes, tuple[str, ...]]:
    """Return a file with its part made anew, and what is to be said of what that takes away.

    replace: take away what was changed by hand in the part, or a whole file in which there is none of this kind. Raises
    Refused `generated_part_edited`, `not_generated`.
    """
    whole = "\n".join(wanted.lines())
    fresh = f"{wanted.before}{whole}\n{wanted.after}".encode("utf-8", "surrogateescape")
    if data is None or not data.strip():
        return fresh, ()
    try:
        part = _one(name, find_parts(name, data), wanted.kind)
    except Refused:
        if not replace:
            raise
        return fresh, (f"{name} as it was is replaced as a whole.",)
    if part.edited and part.parameters == dict(wanted.parameters) and _squeezed(part.text) == _squeezed(wanted.text):
        return data, ()  # a formatter has been there
    told = _taken_away(name, data, part, wanted, replace=replace)
    lines = _lines(data)
    end = "\r\n" if part.crlf else "\n"
    start = "\ufeff" if lines[part.first].startswith("\ufeff") else ""
    # The last line of a file may be without an end.
    closing = end if lines[part.last].endswith("\n") else ""
    made = start + whole.replace("\n", end) + closing
    text = "".join((*lines[: part.first], made, *lines[part.last + 1 :]))
    return text.encode("utf-8", "surrogateescape"), told


def _one(name: str, parts: list[FoundPart], kind: str) -> FoundPart:
    """Return the one part of a kind. Raises Refused."""
    mine = [part for part in parts if part.kind == kind]
    if len(mine) > 1:
        raise _broken(name, mine[1].first)
    if mine:
        return mine[0]
    other = f"it has a part of another kind: {parts[0].kind}" if parts else "it has no generated part"
    raise Refused(
        "not_generated",
        f"{name} is not from this generator: {other}. Nothing was written.",
        place=Place(name, parts[0].first + 1 if parts else None),
        remedy=f"Move the file away, or replace it as a whole by {again(replace=True)}: undo brings it back.",
    )


def _taken_away(name: str, data: bytes, part: FoundPart, wanted: PartText, *, replace: bool) -> tuple[str, ...]:
    """Return what is to be said of edits by hand that go. Raises Refused `generated_part_edited` unless `replace`."""
    if not part.edited or part.text == wanted.text:
        return ()
    if replace:
        return (f"{name}: what was changed by hand in the generated part is taken away.",)
    line = part.first + _HEAD_LINES + 1 + _first_difference(part.text, wanted.text)
    raise Refused(
        "generated_part_edited",
        f"The generated part of {name} was changed by hand, and making it anew would take that away. Nothing was "
        "written.",
        place=Place(name, line),
        seen=_lines(data)[line - 1].strip()[:200],
        remedy=f"Move what was changed above or below the part, or take it away by {again(replace=True)}.",
        details={"diff": unified(name, part.text.encode("utf-8", "replace"), wanted.text.encode("utf-8", "replace"))},
    )


def _first_difference(old: str, new: str) -> int:
    """Return at which line of the old text the new one begins to differ; at most its last."""
    left, right = old.split("\n"), new.split("\n")
    same = next((number for number, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), len(left))
    return min(same, max(len(left) - 2, 0))


def _broken(name: str, number: int) -> Refused:
    return Refused(
        "generated_part_edited",
        f"The marks of the generated part of {name} are not whole: one is missing, changed, or there twice.",
        place=Place(name, number + 1),
        remedy=f"Put the marks right, or replace the file as a whole by {again(replace=True)}: undo brings it back.",
    )


def _part(lines: list[str], begun: tuple[int, re.Match[str]], last: int) -> FoundPart:
    first, begin = begun
    crlf = lines[first].endswith("\r\n")
    text = "".join(_plain(lines[first + _HEAD_LINES : last]))
    return FoundPart(begin["kind"], first, last, text, _parameters(lines[first + 1]), begin["digest"], crlf)


def _parameters(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line.strip().removeprefix("#").removeprefix("//"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _plain(lines: Iterable[str]) -> Iterable[str]:
    return (f"{line[:-2]}\n" if line.endswith("\r\n") else line for line in lines)


def _lines(data: bytes) -> list[str]:
    """Return the lines with their ends; line feeds alone end one, as for Nix, YAML and shells."""
    found = [f"{line}\n" for line in data.decode("utf-8", "surrogateescape").split("\n")]
    found[-1] = found[-1].removesuffix("\n")
    return found if found[-1] else found[:-1]
